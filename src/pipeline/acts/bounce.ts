import type { Act } from '../../core/outcome.ts'
import * as effects from '../../store/effects.ts'
import { type End, type Ended, recordEnds, tellOfFailure } from '../perform/settle.ts'
import type { System } from '../system.ts'

/** A mail that counted as sent, or was in doubt, did not arrive: its effect has failed, and the team is told. */
export async function mailBounced(
  system: System,
  { messageId, status }: Extract<Act, { kind: 'mail_bounced' }>,
): Promise<void> {
  const reason = `the mail came back (${status})`
  for (const row of await effects.mailsByReference(system.db.worker, messageId)) {
    const ended: Ended = {
      row,
      attempts: row.attempts,
      state: 'failed',
      reference: messageId,
      source: 'effect',
    }
    const write: End['write'] = async (on) => {
      const bounced = await effects.bounced(on, row.id, reason)
      if (bounced.length > 0) await tellOfFailure(on, system, row, reason)
    }
    await recordEnds(system, [{ ended, write }])
  }
}
