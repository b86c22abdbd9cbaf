import * as effects from '../../store/effects.ts'
import type { System } from '../system.ts'
import { recordEnd } from './settle.ts'

class NotInDoubt extends Error {
  override readonly name = 'NotInDoubt'
}

/**
 * Settles by a person's word an effect that is in doubt or has failed: it happened (`done`), or it is dropped
 * (`cancelled`). The order's history tells it, and the review of the doubt goes. False, with nothing written, when there
 * is no such effect or it is in neither state.
 */
export async function resolveEffect(
  system: System,
  { id, as, note }: { id: string; as: 'done' | 'cancelled'; note: string },
): Promise<boolean> {
  const [row] = await effects.byId(system.db.web, id)
  if (row === undefined) return false
  const ended = {
    row,
    attempts: row.attempts,
    state: as,
    reference: row.reference ?? undefined,
    source: 'operator' as const,
  }
  try {
    await recordEnd(system, ended, async (on) => {
      const resolved = await effects.resolve(on, id, as, note, system.now().toISOString())
      if (resolved.length === 0) throw new NotInDoubt('the effect is neither in doubt nor failed')
    })
  } catch (error) {
    if (error instanceof NotInDoubt) return false
    throw error
  }
  return true
}
