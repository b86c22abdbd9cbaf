import { backoffMs } from '../../core/backoff.ts'
import type { Act } from '../../core/outcome.ts'
import * as acts from '../../store/acts.ts'
import { writeAudit } from '../../store/audit.ts'
import { signal } from '../signal.ts'
import type { System } from '../system.ts'
import { eraseAfterRestore, eraseCustomer, eraseReborn, eraseShop } from './erase.ts'
import { mailBounced } from './bounce.ts'
import { exportCustomer } from './export.ts'
import { type Working, working } from '../working.ts'

const lookEveryMs = 2_000
const leaseMs = 300_000
const attemptsMax = 12

/**
 * Carries out what events ask of us besides facts, each once, outside the transaction that recorded it. Also erases
 * anew who was erased and is told of again, and whom a restored backup brought back.
 */
export function startActing(system: System): Working {
  return working([(stop) => loop(system, stop)])
}

async function loop(system: System, stop: AbortSignal): Promise<void> {
  let isRestored = false
  while (!stop.aborted) {
    const since = signal.seen('acts')
    try {
      if (!isRestored) await eraseAfterRestore(system)
      isRestored = true
      while (!stop.aborted && (await carryOut(system)));
      await eraseReborn(system)
      for (const { connection } of await acts.enable(system.db.web)) {
        system.log.info('a connection is in use again', { connection })
      }
    } catch (error) {
      system.log.warn('acts could not be looked at', { error: error as Error })
    }
    await signal.wait('acts', { since, timeoutMs: lookEveryMs, stop })
  }
}

async function carryOut(system: System): Promise<boolean> {
  const now = system.now()
  const rows = await acts.claim(
    system.db.web,
    now.toISOString(),
    new Date(now.getTime() + leaseMs).toISOString(),
    8,
  )
  for (const row of rows) {
    try {
      await perform(system, row)
      await acts.finish(system.db.web, row.id, 'done', system.now().toISOString(), null)
    } catch (error) {
      await failed(system, row, error as Error)
    }
  }
  return rows.length > 0
}

async function failed(system: System, row: acts.ActRow, error: Error): Promise<void> {
  system.log.error('an act failed', { act: row.kind, event_id: row.event_id, error })
  if (row.attempts >= attemptsMax) {
    await acts.finish(system.db.web, row.id, 'failed', system.now().toISOString(), error.message)
    return
  }
  const waitMs = backoffMs({ attempt: row.attempts, jitter: Math.random() })
  await acts.putOff(
    system.db.web,
    row.id,
    new Date(system.now().getTime() + waitMs).toISOString(),
    error.message,
  )
}

async function perform(system: System, { id, connection, body }: acts.ActRow): Promise<void> {
  const act = JSON.parse(body ?? '{}') as Act
  const by = { actor: connection, address: null }
  switch (act.kind) {
    case 'disable_connection': {
      const now = system.now()
      await acts.disable(system.db.web, connection, now.toISOString(), act.reason)
      const detail = { reason: act.reason }
      await writeAudit(system.db.web, {
        at: now,
        ...by,
        action: act.kind,
        target: connection,
        result: 'done',
        detail,
      })
      return
    }
    case 'export_customer':
      return exportCustomer(system, { ...act, id: `exp_${id}`, connection })
    case 'erase_customer':
      await eraseCustomer(system, act, by)
      return
    case 'erase_shop':
      await eraseShop(system, connection, by)
      return
    case 'mail_bounced':
      return mailBounced(system, act)
  }
}
