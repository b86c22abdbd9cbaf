import { accountName } from './accounts.ts'
import { type Evidence, type Known, refKey } from './evidence.ts'
import type { Books, JournalEntry } from './journal.ts'
import { entryOf, transfer } from './entries.ts'

/**
 * A payout leaves the balance when it is made, whatever became of it since; arrives when it is paid; and comes back when
 * it fails, out of the bank again where it had arrived. A negative one runs the other way. Its fee stands on its line.
 */
export function payoutMovements(evidence: Evidence, books: Books): JournalEntry[] {
  const payouts = Map.groupBy(evidence.of('payout_state'), (fact) => refKey(fact.subject))
  return [...payouts.values()].flatMap((states) => {
    const known = (state: Known<'payout_state'>['data']['state']) =>
      states.find((fact) => fact.data.state === state)
    const any = states[0]!
    const paid = known('paid')
    const back = known('failed') ?? known('canceled')
    const { currency, amountMinor } = any.data
    const [transit, bank] = [accountName(books, 'transit'), accountName(books, 'bank')]
    const clearing = accountName(books, 'clearing', { scope: any.scope })
    const key = (step: string) => `journal:payout_${step}:${refKey(any.subject)}`
    const entries = entryOf(key('left'), any, transfer(transit, clearing, currency, amountMinor), {
      description: `payout ${any.subject.id}`,
    })
    if (paid !== undefined) {
      const occurredAt = paid.data.arrivalDate ?? paid.occurredAt
      entries.push(
        ...entryOf(key('arrived'), paid, transfer(bank, transit, currency, amountMinor), {
          occurredAt,
          description: `payout arrived ${any.subject.id}`,
        }),
      )
    }
    if (back !== undefined) {
      entries.push(
        ...entryOf(key('back'), back, transfer(clearing, transit, currency, amountMinor), {
          description: `payout came back ${any.subject.id}`,
        }),
      )
    }
    if (back !== undefined && paid !== undefined) {
      const occurredAt = paid.data.arrivalDate ?? paid.occurredAt
      const lines = transfer(transit, bank, currency, amountMinor)
      entries.push(
        ...entryOf(key('bounced'), back, lines, {
          occurredAt,
          description: `payout left the bank ${any.subject.id}`,
          factIds: [back.id, paid.id],
        }),
      )
    }
    return entries
  })
}
