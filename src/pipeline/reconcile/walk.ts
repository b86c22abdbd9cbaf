import type { Instant } from '../../core/fact.ts'
import { ApiError, type ListWindow, type Page } from '../../providers/provider.ts'
import { nextReadNo } from '../../store/rereads.ts'
import { rateOf } from '../rate.ts'
import { apiOf, callTimeoutMs, RunFailed, type Run } from './run.ts'

/** Times a list may be started again because its cursor died: each costs a walk, and a list that loses one always is broken. */
const restartsMax = 5
/** Longer than the provider folder's own deadline, so that this one only ends what hangs in spite of it. */
const pageTimeoutMs = callTimeoutMs + 10_000

/**
 * Pages of one list, from `from` to the provider's own end mark, each with its number in the sequence of readings. Rate limits and outages are waited out up to
 * `reconcile.giveUpAfter` without a page, then it throws `RunFailed`; a cursor that the provider does not know any more
 * splits the window: the walk starts again at the oldest thing seen.
 */
export async function* walk(
  run: Run,
  window: ListWindow,
  from: string | undefined,
): AsyncGenerator<Page & { readonly readNo: bigint }> {
  const rate = rateOf(run.system, run.connection.id)
  const patience = patienceOf(run)
  let cursor = from
  let { until } = window
  let oldest: Instant | undefined
  let restarts = 0
  for (;;) {
    const deadline = new AbortController()
    const pages = run.provider
      .list({ ...window, until }, cursor, apiOf(run, AbortSignal.any([run.signal, deadline.signal])))
      [Symbol.asyncIterator]()
    try {
      for (;;) {
        await rate.acquire(run.signal)
        const readNo = (await nextReadNo(run.system.db.web))[0]!.read_no
        const timer = setTimeout(
          () => deadline.abort(new ApiError('unavailable', 'no page within the deadline')),
          pageTimeoutMs,
        )
        const next = await pages.next().finally(() => clearTimeout(timer))
        if (next.done === true) return
        rate.worked()
        patience.restore()
        yield { ...next.value, readNo }
        if (next.value.isLast) return
        cursor = next.value.cursor ?? cursor
        oldest = oldestOf(next.value, oldest)
      }
    } catch (error) {
      run.signal.throwIfAborted()
      const isDeadCursor =
        cursor !== undefined &&
        error instanceof ApiError &&
        (error.kind === 'not_found' || error.kind === 'refused')
      if (isDeadCursor && restarts < restartsMax) {
        restarts += 1
        cursor = undefined
        until = oldest ?? until
        continue
      }
      await patience.wait(error as Error)
    }
  }
}

/** The oldest thing of a page that goes from new to old; of another order nothing can be said, so the window stays. */
function oldestOf(page: Page, before: Instant | undefined): Instant | undefined {
  const [first, last] = [page.items[0], page.items.at(-1)]
  if (first === undefined || last === undefined || first.occurredAt < last.occurredAt) return before
  return before === undefined || last.occurredAt < before ? last.occurredAt : before
}

/**
 * Decides how long failures are waited out. `wait` returns when the call may be made again and throws `RunFailed` when
 * it is time to give up, or at once where waiting cannot help; `restore` is called after each success.
 */
export function patienceOf(run: Run): { wait(error: Error): Promise<void>; restore(): void } {
  const rate = rateOf(run.system, run.connection.id)
  let failingSince: number | undefined
  return {
    restore() {
      failingSince = undefined
    },
    async wait(error) {
      const kind = error instanceof ApiError ? error.kind : 'unavailable'
      if (kind === 'unauthorized')
        throw new RunFailed(`the provider refuses our key: ${error.message}`, { cause: error })
      if (kind === 'refused' || kind === 'not_found')
        throw new RunFailed(`the provider refuses the call: ${error.message}`, { cause: error })
      failingSince ??= performance.now()
      const leftMs = run.system.config.reconcile.giveUpAfterMs - (performance.now() - failingSince)
      const waitMs = rate.blocked(error instanceof ApiError ? error.retryAfterMs : undefined)
      if (waitMs > leftMs)
        throw new RunFailed(
          `the provider did not answer for ${run.system.config.reconcile.giveUpAfterMs} ms: ${error.message}`,
          { cause: error },
        )
      run.system.log.info('waiting for the provider', {
        connection: run.connection.id,
        run_id: run.id,
        wait_ms: waitMs,
        error: error.message,
      })
    },
  }
}
