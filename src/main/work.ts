import { startActing } from '../pipeline/acts/work.ts'
import { startPerforming } from '../pipeline/perform.ts'
import { startProcessing } from '../pipeline/work.ts'
import { startReconciler } from '../pipeline/reconcile.ts'
import { startRereading } from '../pipeline/reread.ts'
import { startStockKeeper } from '../pipeline/stock.ts'
import { startSummarising } from '../pipeline/summaries.ts'
import { startSweeper } from '../pipeline/sweep.ts'
import type { System } from '../pipeline/system.ts'
import type { Working } from '../pipeline/working.ts'
import { preparePartitions } from '../store/settings.ts'

export const roles = ['web', 'worker', 'reconciler'] as const
export type Role = (typeof roles)[number]

const day = 86_400_000

/** Starts what the roles of this process do beside answering requests. */
export function startWork(system: System, roles: readonly Role[]): Working {
  const started: Working[] = []
  if (roles.includes('worker')) {
    started.push(
      startProcessing(system),
      startPerforming(system),
      startRereading(system),
      startSweeper(system),
      startSummarising(system),
      startActing(system),
      startStockKeeper(system),
      daily(system),
    )
  }
  if (roles.includes('reconciler')) started.push(startReconciler(system))
  return {
    async stop() {
      await Promise.allSettled(started.map((one) => one.stop()))
    },
  }
}

function daily(system: System): Working {
  const timer = setInterval(() => {
    preparePartitions(system.db, system.now()).catch((error: Error) =>
      system.log.error('partitions_not_made', { error }),
    )
  }, day / 4)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
      return Promise.resolve()
    },
  }
}
