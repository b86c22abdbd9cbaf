import type { Config } from '../config.ts'
import type { EffectBody } from '../core/effect.ts'
import type { Queryable } from '../store/database.ts'
import * as dueEffects from '../store/due-effects.ts'
import { newId } from './ids.ts'
import type { System } from './system.ts'

/** News of no order's fold. `about` with the code is its identity: told once. */
export type Notice = {
  readonly rule: 'needs_review' | 'dead_letter' | 'drift'
  readonly code: string
  readonly about: string
  readonly connection: string
  readonly orderId?: string | undefined
  /** Shown with it: `detail`, `resource`, `event_id`. */
  readonly body: EffectBody
}

/** The team's channels, by how the keys of their notices begin. */
export function channelsOf({ sinks: { notify } }: Pick<Config, 'sinks'>): string[] {
  return [
    ...(notify?.slackWebhookUrl === undefined ? [] : ['notify']),
    ...(notify?.mail === undefined ? [] : ['notify_mail']),
  ]
}

/** Makes notices due, one for each of the team's channels; none where nobody wants news of their kind. */
export async function tellTeam(
  on: Queryable,
  system: System,
  notices: readonly Notice[],
  tx: bigint,
): Promise<void> {
  const { config } = system
  const rows = notices
    .filter(({ rule }) => config.sinks.notify?.on.includes(rule))
    .flatMap((notice) => channelsOf(config).map((channel) => ({ channel, ...notice })))
  if (rows.length === 0) return
  const now = system.now()
  await dueEffects.insertDue(
    on,
    rows.map(() => newId('eff', now)),
    rows.map(({ channel, code, about }) => `${channel}:${code}:${about}`),
    rows.map(() => 'notify'),
    rows.map(({ rule }) => rule),
    rows.map(() => 'due'),
    rows.map(({ orderId }) => orderId ?? null),
    rows.map(({ connection }) => connection),
    rows.map(({ rule, code, body }) => JSON.stringify({ rule, code, ...body })),
    rows.map(() => now.toISOString()),
    rows.map(() => null),
    tx,
  )
}
