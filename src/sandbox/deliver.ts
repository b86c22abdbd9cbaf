import { createLane } from './lane.ts'
import { type Random, randomFrom } from './stripe/random.ts'
import type { Event, WebhookEndpoint } from './stripe/types.ts'
import { type Ground, listeningTo } from './stripe/world/ground.ts'
import { type Attempt, type Corruption, post } from './post.ts'

export type { Attempt, Corruption }

/** What happens to one event on its way. Everything absent: it is sent at once, once, as it is. */
export type Fate = {
  /** Never sent at all: only a reconciliation can find it. */
  readonly lose?: boolean
  /** Sent so often, each an ordinary delivery. Default 1. */
  readonly copies?: number
  /** Real time before the first attempt. */
  readonly delayMs?: number
  /** The first attempt arrives damaged; its retry does not. */
  readonly corrupt?: Corruption
}

/** Shares (0–1) of events that meet with each misfortune, drawn from the seed in the order of the events. */
export type Mischief = {
  readonly lose?: number
  readonly duplicate?: number
  readonly delay?: number
  readonly delayMs?: number
  readonly corrupt?: number
}

export type DeliverOptions = {
  readonly seed: string | number
  /** Divides the waits of the schedule. 1: as Stripe. */
  readonly timeScale?: number
  /** Waits before each retry. Default: those of the mode. */
  readonly retriesMs?: readonly number[]
  readonly mischief?: Mischief
  /** Deliveries under way at once; the others wait in order. */
  readonly concurrency?: number
  readonly timeoutMs?: number
  /** Clock of the signatures: the receiver's, so real time, whatever the world's clock says. */
  readonly now?: () => Date
}

const minute = 60_000
const hour = 60 * minute

/**
 * Stripe promises "up to three days with an exponential back off" for live and "three times over the course of a few
 * hours" for test deliveries, and no exact times; these keep to it.
 *
 * @see https://docs.stripe.com/webhooks#automatic-retries (checked 2026-11)
 */
export const schedules = {
  test: [10 * minute, hour, 3 * hour],
  live: [5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 12 * hour, 12 * hour, 12 * hour, 12 * hour],
} as const

export type Deliver = {
  /** Every attempt, in the order of their answers. */
  readonly attempts: readonly Attempt[]
  /** Ids of events that an endpoint has answered with 2xx. */
  readonly acknowledged: ReadonlySet<string>
  /** Ids of events that were never sent. */
  readonly lost: ReadonlySet<string>
  mischief: Mischief
  /** Decides over single events before the shares of `mischief` do. */
  fate: ((event: Event) => Fate | undefined) | undefined
  /** From now on events wait, to be let go in another order. */
  hold(): void
  /** Lets go what was held. `reversed` is the hardest order there is; `shuffled` is by the seed. */
  release(order?: 'kept' | 'reversed' | 'shuffled'): void
  /** Sends an event again, as the dashboard's "Resend" does, lost ones too. */
  resend(eventId: string): void
  /** Resolves when no attempt is under way or to come (held events do not count). */
  settled(): Promise<void>
  /** Gives up what is under way and to come. */
  stop(): void
}

/** Sends the world's events to its webhook endpoints as Stripe does, and as badly as it is told to. */
export function createDeliver(ground: Ground, options: DeliverOptions): Deliver {
  const random = randomFrom(`deliver:${options.seed}`)
  const sender = createSender(ground, options)
  const lost = new Set<string>()
  let held: Event[] | undefined

  const deliver: Deliver = {
    attempts: sender.attempts,
    acknowledged: sender.acknowledged,
    lost,
    mischief: options.mischief ?? {},
    fate: undefined,
    hold() {
      held ??= []
    },
    release(order = 'kept') {
      const events = held ?? []
      held = undefined
      const ordered =
        order === 'shuffled' ? random.shuffle(events) : order === 'reversed' ? events.toReversed() : events
      for (const event of ordered) sendOut(event)
    },
    resend(eventId) {
      const event = ground.need<Event>(eventId)
      for (const endpoint of listeningTo(ground.store, event.type)) sender.launch(event, endpoint, {})
    },
    settled: sender.settled,
    stop: sender.stop,
  }
  ground.onEvent((event) => {
    if (held === undefined) sendOut(event)
    else held.push(event)
  })
  return deliver

  function sendOut(event: Event): void {
    const fate = deliver.fate?.(event) ?? drawn(random, deliver.mischief)
    if (fate.lose === true) {
      lost.add(event.id)
      return
    }
    for (const endpoint of listeningTo(ground.store, event.type)) {
      for (let copy = 0; copy < (fate.copies ?? 1); copy++) sender.launch(event, endpoint, fate)
    }
  }
}

function drawn(random: Random, mischief: Mischief): Fate {
  const { lose = 0, duplicate = 0, delay = 0, delayMs = 2000, corrupt = 0 } = mischief
  // Always six draws, so that one share does not move the luck of the others.
  const [a, b, c, d, e] = [random.next(), random.next(), random.next(), random.next(), random.next()]
  const damage = random.pick(['body', 'signature', 'stale'] as const)
  return {
    lose: a < lose,
    copies: b < duplicate ? 2 : 1,
    ...(c < delay ? { delayMs: delayMs * (0.5 + e) } : {}),
    ...(d < corrupt ? { corrupt: damage } : {}),
  }
}

/** The part that signs, posts, retries and keeps the ledger. */
function createSender(ground: Ground, options: DeliverOptions) {
  const retries = options.retriesMs ?? (ground.livemode ? schedules.live : schedules.test)
  const scale = options.timeScale ?? 1
  const lane = createLane(options.concurrency ?? 16)
  const attempts: Attempt[] = []
  const acknowledged = new Set<string>()
  const stopping = new AbortController()
  return {
    attempts,
    acknowledged,
    settled: lane.settled,
    launch(event: Event, endpoint: WebhookEndpoint, fate: Fate): void {
      lane.add(() => attemptOnce(event, endpoint, { number: 1, corrupt: fate.corrupt }), fate.delayMs)
    },
    stop(): void {
      lane.stop()
      stopping.abort()
    },
  }

  async function attemptOnce(
    event: Event,
    endpoint: WebhookEndpoint,
    { number, corrupt }: { number: number; corrupt: Corruption | undefined },
  ): Promise<void> {
    const secret = ground.secrets.get(endpoint.id)
    // Deleted or disabled meanwhile: Stripe stops its retries.
    if (secret === undefined || endpoint.status !== 'enabled') return
    const sent = await post({
      url: endpoint.url,
      event: { ...event, api_version: endpoint.api_version ?? event.api_version },
      secret,
      corrupt,
      now: (options.now ?? (() => new Date()))(),
      timeoutMs: options.timeoutMs ?? 10_000,
      signal: stopping.signal,
    })
    if (stopping.signal.aborted) return
    attempts.push({ ...sent, eventId: event.id, type: event.type, endpoint: endpoint.id, attempt: number })
    if (sent.status !== undefined && sent.status >= 200 && sent.status < 300) {
      acknowledged.add(event.id)
      if (event.pending_webhooks > 0) {
        ground.save(Object.assign(event, { pending_webhooks: event.pending_webhooks - 1 }))
      }
      return
    }
    const wait = retries[number - 1]
    if (wait === undefined) return
    lane.add(() => attemptOnce(event, endpoint, { number: number + 1, corrupt: undefined }), wait / scale)
  }
}
