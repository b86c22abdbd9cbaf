import { accountingSink } from '../sinks/accounting/index.ts'
import { fulfillmentSink } from '../sinks/fulfillment/index.ts'
import { teamMailSink } from '../sinks/notify/mail.ts'
import { slackSink } from '../sinks/notify/slack.ts'
import { outgoingSink } from '../sinks/outgoing/index.ts'
import { providerSink } from '../sinks/provider/index.ts'
import { receiptSink } from '../sinks/receipt/index.ts'
import type { Sink } from '../sinks/sink.ts'
import type { TargetSettings } from '../sinks/target.ts'
import { doorOf } from './perform/door.ts'
import { SinkLoop, type Timing } from './perform/loop.ts'
import { Settler } from './perform/settler.ts'
import { tokenStoreOf } from './perform/tokens.ts'
import { writerOf } from './perform/writer.ts'
import { writable } from './readable.ts'
import { modePushed } from './summaries.ts'
import type { System } from './system.ts'

export type Performing = {
  /** Starts nothing new, gives what is under way a moment, then cuts it off where that is safe. */
  stop(): Promise<void>
}

const timing: Timing = {
  leaseMs: 20_000, // renewed while a call is under way, so this is how long a crash leaves an effect in doubt
  pollMs: 1_000, // behind the in-memory signal: other processes' commits, and effects that become due by time
  graceMs: 8_000, // of the 15 s that a stop may take
  pauseMs: 1_000,
  pauseMaxMs: 60_000,
}

/** Carries out what is due, one loop a sink or endpoint, so that a slow or dead one delays no other. */
export function startPerforming(
  system: System,
  sinks: readonly Sink[] = sinksOf(system),
  times: Timing = timing,
): Performing {
  const settler = new Settler(system)
  const loops = sinks.map((sink) => new SinkLoop(system, sink, times, settler))
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}

/** The sinks that the configuration names; a missing one is off, and no effects are made for it. */
export function sinksOf(system: System): Sink[] {
  const { config, now } = system
  const { receipt, fulfillment, outgoing } = config.sinks
  const written = new Set([...writable(system, 'tracking'), ...writable(system, 'stock')])
  const target = { allowPrivate: config.security.allowPrivateTargets, timeoutMs: 15_000 }
  return [
    ...(receipt === undefined ? [] : [receiptSink(receipt)]),
    ...(fulfillment === undefined ? [] : [fulfillmentSink({ ...fulfillment, target, now })]),
    ...teamSinks(config, target),
    ...outgoing.map((one) => outgoingSink({ ...one, target, now, door: doorOf(system, one.id) })),
    ...accountingSinks(system),
    ...[...written].map((connection) => providerSink(connection.id, writerOf(system, connection))),
  ]
}

function accountingSinks(system: System): Sink[] {
  const { push, baseCurrency } = system.config.sinks.accounting ?? {}
  if (push === undefined || baseCurrency === undefined) return []
  const tokens = tokenStoreOf(system, { id: `${push.to}:${push.company}`, given: push.refreshToken })
  const { now } = system
  return [accountingSink({ ...push, mode: modePushed(system), baseCurrency, tokens, now })]
}

/** Each channel of the team has its own effects, calls and pauses. */
function teamSinks({ sinks: { notify }, publicUrl }: System['config'], target: TargetSettings): Sink[] {
  const { slackWebhookUrl, mail } = notify ?? {}
  return [
    ...(slackWebhookUrl === undefined ? [] : [slackSink({ slackWebhookUrl, publicUrl, target })]),
    ...(mail === undefined ? [] : [teamMailSink({ ...mail, publicUrl })]),
  ]
}
