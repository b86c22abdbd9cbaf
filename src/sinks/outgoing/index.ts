import { signedHeaders } from '../fulfillment/signature.ts'
import type { Attempt, Performed, Sink } from '../sink.ts'
import { post, type TargetSettings } from '../target.ts'
import { prepareAnnouncement } from './body.ts'
import { type PresetName, presets } from './presets.ts'

export type OutgoingSettings = {
  readonly id: string
  readonly url: string
  readonly secret: string
  readonly preset?: PresetName | undefined
  readonly project?: string | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly target: TargetSettings
  readonly now: () => Date
  readonly door: Door
}

/** Whether an endpoint is called at all: kept by the caller, so that it is known after a restart and to every process. */
export type Door = {
  /** Why it is closed; undefined while it is open. */
  closed(): Promise<string | undefined>
  /** Closes it, with one notice however often. */
  close(reason: string): Promise<void>
  open(): Promise<void>
  /** True where the endpoint took anything since this effect was made. */
  tookSomethingSince(effectId: string): Promise<boolean>
}

/** Of docs/schemas/outgoing-v1.json. Fields may be added under one version; none goes or changes its meaning. */
const schemaVersion = '1'

/** 5 s doubling to 12 h: a day of growing waits, then nine at 12 h or a little less, about five days in all. */
const attemptsMax = 22

/**
 * One app that is told of events, as Standard Webhooks: the very same bytes under the same id until it answers 2xx. One
 * that says 410, or has taken nothing for as long as an event is tried, is disabled: what is due then fails without a
 * call until somebody retries an effect and it is taken.
 */
export function outgoingSink(settings: OutgoingSettings): Sink {
  return {
    name: 'outgoing',
    endpoint: settings.id,
    concurrency: 4,
    isRepeatable: isRepeatable(settings),
    keepsRequest: true,
    attemptsMax,
    backoff: { baseMs: 5_000, capMs: 12 * 3_600_000 },
    prepare: (item) => prepareAnnouncement(item, settings),
    async call(attempt) {
      const reason = await settings.door.closed()
      // An attempt that is not an effect's first was asked for, by backoff or by a person.
      if (reason !== undefined && attempt.attempts === 1)
        return { kind: 'failed', error: `disabled: ${reason}` }
      const performed = await send(attempt, settings)
      if (performed.kind === 'done' && reason !== undefined) await settings.door.open()
      return isOver(performed, attempt) ? giveUp(performed, attempt, settings.door) : performed
    },
  }
}

function isRepeatable({ preset }: OutgoingSettings): boolean {
  return preset === undefined || presets[preset].isRepeatable
}

function isOver(performed: Performed, attempt: Attempt): performed is Performed & { kind: 'retry' } {
  return performed.kind === 'retry' && attempt.attempts >= attemptsMax
}

async function giveUp(
  performed: Performed & { kind: 'retry' },
  attempt: Attempt,
  door: Door,
): Promise<Performed> {
  const isAlone = await door.tookSomethingSince(attempt.id)
  if (!isAlone) await door.close(`it took nothing for days; at last: ${performed.error}`)
  return { kind: 'failed', error: `given up after ${attempt.attempts} attempts: ${performed.error}` }
}

async function send(attempt: Attempt, settings: OutgoingSettings): Promise<Performed> {
  const { url, secret, target, now, door } = settings
  const signed = signedHeaders({ id: attempt.id, body: attempt.bytes, secret, at: now() })
  const answer = await post(
    {
      url,
      headers: {
        ...settings.headers,
        ...signed,
        'user-agent': 'ordersync',
        'ordersync-schema-version': schemaVersion,
      },
      body: attempt.bytes,
      signal: attempt.signal,
      beforeSend: () => attempt.mayLeave(attempt.id),
      afterSend: attempt.sent,
    },
    target,
  )
  if (answer.kind === 'refused') return { kind: 'failed', error: answer.reason }
  if (answer.kind === 'broken')
    return answer.hasLeft && !isRepeatable(settings)
      ? { kind: 'unknown', error: answer.reason }
      : { kind: 'retry', error: answer.reason, isDown: true }
  const { status, retryAfterMs } = answer
  if (status >= 200 && status < 300) return { kind: 'done', reference: attempt.id }
  if (status === 410) {
    const error = 'the receiver said 410 Gone: it wants no more events'
    await door.close(error)
    return { kind: 'failed', error }
  }
  const isRedirect = status >= 300 && status < 400
  const error = `the receiver answered ${status}${isRedirect ? ': redirects are not followed' : ''}`
  // An error inside a receiver that knows no repeat may have come after it did what it was asked for.
  if (status >= 500 && !isRepeatable(settings)) return { kind: 'unknown', error }
  return { kind: 'retry', error, isDown: status === 429 || status >= 500, retryAfterMs }
}
