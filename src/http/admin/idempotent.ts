import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Request } from 'express'
import type { System } from '../../pipeline/system.ts'
import { claim, giveBack, type IdempotencyKey, keepAnswer } from '../../store/idempotency.ts'
import type { Actor } from '../auth.ts'
import { Problem, problemBody, problems } from '../problem.ts'
import type { Answer } from './route.ts'

/** The `Idempotency-Key` of a write, if it has one. */
export function idempotencyKeyOf(request: Request): string | undefined {
  const key = request.get('idempotency-key')
  if (key === undefined) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Problem(
      'invalid_request',
      'Idempotency-Key must be 1 to 255 printable characters without blanks',
    )
  }
  return key
}

/**
 * Runs `run` once for this actor and key; later requests get the answer of the first. Refusals are answers too. After
 * a failure of ours the key is free again.
 */
export async function answerOnce(
  system: System,
  actor: Actor,
  key: string,
  request: Buffer,
  run: () => Promise<Answer>,
): Promise<Answer> {
  const on = system.db.web
  const mine: IdempotencyKey = { actor: actor.keyId, key }
  const taken = await claim(on, mine, request, system.now())
  if (taken.kind === 'under_way')
    throw new Problem('idempotency_key_in_use', 'Ask again in a moment', { 'retry-after': '1' })
  if (taken.kind === 'other_request')
    throw new Problem('idempotency_key_reused', 'Use a new key for a new request')
  if (taken.kind === 'answered') return answered(taken.status, unseal(taken.body, mine, actor.secret))
  try {
    const answer = await run()
    if (!('json' in answer)) throw new Error('only JSON answers can be kept')
    await keepAnswer(on, mine, answer.status, seal(JSON.stringify(answer.json), mine, actor.secret))
    return answer
  } catch (error) {
    const status = error instanceof Problem ? problems[error.code].status : 500
    if (error instanceof Problem && status < 500) {
      await keepAnswer(
        on,
        mine,
        status,
        seal(problemBody(error.code, error.detail).toString(), mine, actor.secret),
      )
    } else await giveBack(on, mine)
    throw error
  }
}

function answered(status: number, body: Buffer): Answer {
  return {
    status,
    type: status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json; charset=utf-8',
    bytes: body,
  }
}

/**
 * An answer may hold a new key or a buyer's name, and is kept for 30 days: so it is kept under a key made of the
 * caller's own, which we do not have. Whoever reads the table reads nothing.
 */
function seal(body: string, mine: IdempotencyKey, secret: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(mine, secret), nonce).setAAD(placeOf(mine))
  const sealed = Buffer.concat([cipher.update(body, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
}

function unseal(text: string, mine: IdempotencyKey, secret: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(mine, secret), bytes.subarray(0, 12))
    .setAAD(placeOf(mine))
    .setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
}

function sealingKey({ key }: IdempotencyKey, secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, key, 'ordersync idempotent answer', 32))
}

function placeOf({ actor, key }: IdempotencyKey): Buffer {
  return Buffer.from(`idempotency.body ${actor} ${key}`)
}
