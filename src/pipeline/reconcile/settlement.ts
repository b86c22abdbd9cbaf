import { moneyOf } from '../../core/order-view.ts'
import { settlementReview } from '../../core/payout.ts'
import * as findings from '../../store/findings.ts'
import { payoutsById, type PayoutRow } from '../../store/reading/payouts.ts'
import { payoutsOf, type Told } from '../payouts.ts'
import type { Draft } from './findings.ts'
import type { Run } from './run.ts'

type Standing = Omit<Draft, 'id' | 'kind'>

/** Lines are asked for when a payout has arrived: so long they may be on their way. */
const lagMs = 600_000

/**
 * Payouts that arrived and are not what their lines come to, or hold a line that nobody has mapped: of those recorded
 * lately, and of those under a finding, which is not mended by growing old.
 */
export async function payoutFindings(
  run: Run,
  recorded: (kinds: string[]) => AsyncIterable<{ readonly id: string; readonly last_at: string }>,
): Promise<Standing[]> {
  const before = new Date(run.system.now().getTime() - lagMs).toISOString()
  const ids = new Set<string>()
  for await (const { id, last_at: at } of recorded(['payout'])) if (at <= before) ids.add(id)
  for await (const row of findings.allOpen(run.system.db.web, run.connection.id))
    if (row.kind === 'unmatched' && row.resource_kind === 'payout') ids.add(row.resource_id)
  if (ids.size === 0) return []
  const rows = await payoutsById(run.system.db.web, [run.connection.account], [...ids])
  return [...(await payoutsOf(run.system, rows))].flatMap(([row, payout]) => findingOf(row, payout) ?? [])
}

function findingOf({ id }: PayoutRow, payout: Told): Standing | undefined {
  const resource = { kind: 'payout', id } as const
  const review = settlementReview(payout, resource)
  if (review === undefined) return undefined
  const { amountMinor, currency, differenceMinor = 0n, lines } = payout
  return {
    resource,
    detail: {
      reason: 'payout_difference',
      text: `payout ${id}: ${review.detail}`,
      occurred_at: review.since,
    },
    ours: { amount: moneyOf(amountMinor - differenceMinor, currency), lines: lines.length },
    theirs: { amount: moneyOf(amountMinor, currency) },
    repair: 'none by itself: nothing is posted to hide it; read the payout again, or ask the provider',
  }
}
