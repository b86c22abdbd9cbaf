import express, { type Request, type Router } from 'express'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { intakeLoad } from '../pipeline/receive.ts'
import type { System } from '../pipeline/system.ts'
import { eventsStored, oldestDue, openEffects, openEvents } from '../store/gauges.ts'
import { addressOf } from './addresses.ts'
import { actorOf } from './auth.ts'
import { sendProblem } from './problem.ts'
import type { DeliveryCounts } from './webhooks.ts'

export type Metrics = {
  readonly router: Router
  /** Notes how long a delivery took until its answer. */
  observeDelivery(seconds: number): void
}

/** `/metrics` in the Prometheus format, for loopback or whoever has a key. What the database knows is read at most once in 5 s. */
export function createMetrics(system: System, deliveries: () => DeliveryCounts): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const seconds = new Histogram({
    name: 'ordersync_delivery_seconds',
    help: 'Time from the first byte of a delivery to its answer',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  })
  inProcess(system, registry, deliveries)
  const refresh = inDatabase(system, registry)

  const router = express.Router({ caseSensitive: true, strict: true })
  router.get('/metrics', async (request, response) => {
    if (!isFromHere(request, system) && (await actorOf(system, request.get('authorization'))) === undefined) {
      return sendProblem(response, 'unauthorized', { headers: { 'www-authenticate': 'Bearer' } })
    }
    await refresh()
    response
      .set({ 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' })
      .end(await registry.metrics())
  })
  return { router, observeDelivery: (value) => seconds.observe(value) }
}

/** From loopback, and not passed on by a proxy that nobody told us of. */
function isFromHere(request: Request, { config }: System): boolean {
  const { trustProxy } = config.security
  if (trustProxy === 0 && request.get('x-forwarded-for') !== undefined) return false
  return /^(127\.|::1$)/.test(addressOf(request, trustProxy))
}

function inProcess(system: System, registry: Registry, deliveries: () => DeliveryCounts): void {
  new Counter({
    name: 'ordersync_deliveries_total',
    help: 'Deliveries answered by this process, by connection and response status; connection is empty where there is none',
    labelNames: ['connection', 'status'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { connection, status, count } of deliveries().values())
        this.inc({ connection, status }, count)
    },
  })
  new Histogram({
    name: 'ordersync_flush_events',
    help: 'Events that one commit of the intake took together',
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers: [registry],
    collect() {
      this.reset()
      intakeLoad(system).flushSizes.forEach((times, size) => {
        for (let i = 0; i < times; i += 1) this.observe(size)
      })
    },
  })
  new Gauge({
    name: 'ordersync_intake_waiting',
    help: 'Deliveries that wait for their commit or are in it',
    registers: [registry],
    collect() {
      this.set(intakeLoad(system).rows)
    },
  })
  new Gauge({
    name: 'ordersync_intake_waiting_bytes',
    help: 'Bytes of the deliveries that wait for their commit or are in it',
    registers: [registry],
    collect() {
      this.set(intakeLoad(system).bytes)
    },
  })
}

const refreshEveryMs = 5_000

/** What the database counts; stays as it was when the database does not answer, and says so in `ordersync_database_up`. */
function inDatabase(system: System, registry: Registry): () => Promise<void> {
  const registers = [registry]
  const up = new Gauge({
    name: 'ordersync_database_up',
    help: '1 when the database answered the last reading',
    registers,
  })
  const stored = new Gauge({ name: 'ordersync_events_stored', help: 'Events ever stored', registers })
  const events = new Gauge({
    name: 'ordersync_events_open',
    help: 'Events not done, by status',
    labelNames: ['status'],
    registers,
  })
  const effects = new Gauge({
    name: 'ordersync_effects_open',
    help: 'Effects not done, by sink and state',
    labelNames: ['sink', 'state'],
    registers,
  })
  const queue = new Gauge({
    name: 'ordersync_queue_jobs',
    help: 'Wake-ups by what they are doing; dead ones failed as often as they may',
    labelNames: ['state'],
    registers,
  })
  const lag = new Gauge({
    name: 'ordersync_processing_lag_seconds',
    help: 'Age of the oldest event that could be worked on now',
    registers,
  })
  let readAt = Number.NEGATIVE_INFINITY

  const read = async () => {
    const { db } = system
    const [total, open, due, unfinished, depth] = await Promise.all([
      eventsStored(db.web),
      openEvents(db.web),
      oldestDue(db.web, system.now()),
      openEffects(db.web),
      system.queue.depth(),
    ])
    stored.set(total[0]?.count ?? 0)
    events.reset()
    for (const status of ['pending', 'failed', 'needs_review']) events.set({ status }, 0)
    for (const { status, count } of open) events.set({ status }, count)
    effects.reset()
    for (const { sink, state, count } of unfinished) effects.set({ sink, state }, count)
    for (const [state, count] of Object.entries(depth)) queue.set({ state }, count)
    lag.set(Math.max(0, due[0]?.seconds ?? 0))
  }

  return async () => {
    if (performance.now() - readAt < refreshEveryMs) return
    readAt = performance.now()
    try {
      await read()
      up.set(1)
    } catch {
      up.set(0)
    }
  }
}
