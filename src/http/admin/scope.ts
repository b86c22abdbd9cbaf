import * as z from 'zod'
import type { System } from '../../pipeline/system.ts'
import type { Actor } from '../auth.ts'

/** What reached us is no order and no money yet: events of both modes stand in one list, each with its own. */
export const ModeFilter = z.enum(['test', 'live']).optional().meta({ description: 'Default: both' })

/** Test and live never stand in one list or sum: without `mode`, live where anything is live, else test. */
export const ModeQuery = z
  .enum(['test', 'live'])
  .optional()
  .meta({ description: 'Default: live when any connection is live, else test' })

export function modeShown(system: System): 'test' | 'live' {
  return system.config.connections.some((connection) => connection.mode === 'live') ? 'live' : 'test'
}

/** A key that is scoped to connections sees nothing of the others: not even that it exists. */
export function isSeen(actor: Actor, connection: string | null): boolean {
  return actor.connections === null || (connection !== null && actor.connections.includes(connection))
}
