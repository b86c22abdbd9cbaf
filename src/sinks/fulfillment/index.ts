import type { Attempt, Performed, Sink } from '../sink.ts'
import { type Answer, post, type TargetSettings } from '../target.ts'
import { prepareRequest } from './request.ts'
import { signedHeaders } from './signature.ts'

export type FulfillmentSettings = {
  readonly url: string
  readonly secret: string
  /** The receiver keeps no ids: one try, and in doubt the effect ends `unknown`. */
  readonly atMostOnce: boolean
  readonly target: TargetSettings
  readonly now: () => Date
}

/**
 * Requests to a warehouse as Standard Webhooks. By default the receiver is trusted to know a repeated `webhook-id`: the
 * very same bytes go out under the same id until it answers 2xx, over about three days.
 */
export function fulfillmentSink(settings: FulfillmentSettings): Sink {
  let goneSince: Date | undefined
  return {
    name: 'fulfillment',
    concurrency: 8,
    isRepeatable: !settings.atMostOnce,
    keepsRequest: true,
    attemptsMax: 26, // 1 s doubling to 6 h: twelve hours of growing waits, then two and a half days at 6 h or a little less
    backoff: { baseMs: 1_000, capMs: 6 * 3_600_000 },
    prepare: prepareRequest,
    async call(attempt) {
      // 410 disables the target. An attempt that is not an effect's first was asked for, by backoff or by a person.
      if (goneSince !== undefined && attempt.attempts === 1) {
        return { kind: 'failed', error: `disabled: the receiver said 410 Gone at ${goneSince.toISOString()}` }
      }
      const answer = await send(attempt, settings)
      if (answer.kind === 'answered' && answer.status === 410) goneSince = settings.now()
      else if (answer.kind === 'answered' && isSuccess(answer.status)) goneSince = undefined
      return settings.atMostOnce ? outcomeOfOnlyTry(answer) : outcomeOf(answer, attempt.id)
    },
  }
}

async function send(attempt: Attempt, settings: FulfillmentSettings): Promise<Answer> {
  const headers = signedHeaders({
    id: attempt.id,
    body: attempt.bytes,
    secret: settings.secret,
    at: settings.now(),
  })
  return post(
    {
      url: settings.url,
      headers: { ...headers, 'user-agent': 'ordersync' },
      body: attempt.bytes,
      signal: attempt.signal,
      beforeSend: () => attempt.mayLeave(attempt.id),
      afterSend: attempt.sent,
    },
    settings.target,
  )
}

function outcomeOf(answer: Answer, id: string): Performed {
  switch (answer.kind) {
    case 'refused':
      return { kind: 'failed', error: answer.reason }
    case 'broken':
      return { kind: 'retry', error: answer.reason, isDown: true }
    case 'answered':
      if (isSuccess(answer.status)) return { kind: 'done', reference: id }
      if (answer.status === 410)
        return { kind: 'failed', error: 'the receiver said 410 Gone: it wants no more requests' }
      return {
        kind: 'retry',
        error: wordsFor(answer.status),
        isDown: isOverloaded(answer.status),
        retryAfterMs: answer.retryAfterMs,
      }
  }
}

function outcomeOfOnlyTry(answer: Answer): Performed {
  if (answer.kind === 'refused') return { kind: 'failed', error: answer.reason }
  if (answer.kind === 'broken') {
    return answer.hasLeft
      ? { kind: 'unknown', error: answer.reason }
      : { kind: 'retry', error: answer.reason, isDown: true }
  }
  const { status } = answer
  if (isSuccess(status)) return { kind: 'done' }
  // What refuses in so many words did not do it; an error inside the receiver may have come after it did.
  if (status === 429)
    return { kind: 'retry', error: wordsFor(status), isDown: true, retryAfterMs: answer.retryAfterMs }
  if (status >= 400 && status < 500 && status !== 408) return { kind: 'failed', error: wordsFor(status) }
  return { kind: 'unknown', error: wordsFor(status) }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function isOverloaded(status: number): boolean {
  return status === 429 || status >= 500
}

function wordsFor(status: number): string {
  if (status >= 300 && status < 400) return `the receiver answered ${status}: redirects are not followed`
  return `the receiver answered ${status}`
}
