import { hash } from 'node:crypto'
import { keyInUse, keyReused } from './errors.ts'
import type { Answer, Asked } from './asked.ts'

type Kept = { readonly fingerprint: string; answer: Answer | undefined }

/**
 * The first answer to a key is the answer to every repetition of it, a refusal as well; other parameters under a used
 * key are refused. Without a key nothing is kept.
 *
 * @see https://docs.stripe.com/api/idempotent_requests (checked 2026-11)
 */
export function createIdempotency() {
  const kept = new Map<string, Kept>()
  return (key: string | undefined, asked: Asked, run: () => Answer): Answer => {
    if (key === undefined) return run()
    const fingerprint = hash('sha256', `${asked.path}\n${asked.text}`)
    const held = kept.get(key)
    if (held !== undefined) {
      if (held.fingerprint !== fingerprint) throw keyReused()
      if (held.answer === undefined) throw keyInUse()
      return { ...held.answer, headers: { ...held.answer.headers, 'Idempotent-Replayed': 'true' } }
    }
    const entry: Kept = { fingerprint, answer: undefined }
    kept.set(key, entry)
    const answer = run()
    Object.assign(answer.headers, { 'Idempotency-Key': key, 'Original-Request': asked.id })
    entry.answer = answer
    return answer
  }
}
