import fc from 'fast-check'
import { encodeData, type KnownFact } from '../../src/core/fact.ts'
import { fact } from './factory.ts'
import { type Life, type Plan, Story } from './story.ts'

export type { Life } from './story.ts'

// None, two and three decimals, each several times.
export const currenciesOfLives = [
  ...['USD', 'EUR', 'GBP', 'CHF', 'PLN', 'MXN'],
  ...['JPY', 'KRW', 'CLP', 'ISK'],
  ...['KWD', 'BHD', 'TND', 'JOD'],
] as const

const amount = fc.bigInt({ min: 1n, max: 50_000n })
const often = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 3 }, { arbitrary: fc.constantFrom(...others), weight: 2 })

const planParts = {
  currency: fc.constantFrom(...currenciesOfLives),
  settlement: fc.constantFrom('USD', 'EUR', 'JPY'),
  rate: fc.integer({ min: 1, max: 3000 }),
  prices: fc.array(
    fc.record({ price: amount, quantity: fc.integer({ min: 1, max: 3 }), isPriced: often(true, false) }),
    { maxLength: 3 },
  ),
  discount: fc.bigInt({ min: 0n, max: 40n }),
  shipping: fc.bigInt({ min: 0n, max: 900n }),
  tax: fc.bigInt({ min: 0n, max: 900n }),
  knowsComponents: often(true, false),
  failures: often(0, 1, 2),
  capture: often<Plan['capture']>('whole', 'none', 'pending', 'authorized', 'part', 'two', 'double', 'grown'),
  refunds: fc.array(
    fc.record({
      thousandths: fc.integer({ min: 1, max: 333 }),
      state: fc.constantFrom('pending', 'succeeded', 'failed', 'canceled'),
      isTotalOnly: often(false, true),
    }),
    { maxLength: 3 },
  ),
  dispute: often<Plan['dispute']>('none', 'inquiry', 'open', 'won', 'lost', 'won_after_lost'),
  isReturned: often(false, true),
  end: often<Plan['end']>('none', 'cancelled', 'voided', 'expired'),
  shipped: often<Plan['shipped']>('none', 'part', 'whole'),
  warning: often<Plan['warning']>('none', 'open', 'closed'),
  isResolved: often(false, true),
  giftCard: often<Plan['giftCard']>('none', 'sold', 'tender'),
  reserve: often<Plan['reserve']>('none', 'held', 'released'),
  payout: often<Plan['payout']>('paid', 'under_way', 'failed'),
}
const plan: fc.Arbitrary<Plan> = fc.record(planParts)
/** Less goes on in it: for a test that needs many. */
const shortPlan: fc.Arbitrary<Plan> = fc.record({
  ...planParts,
  prices: fc.array(
    fc.record({ price: amount, quantity: fc.integer({ min: 1, max: 3 }), isPriced: fc.constant(true) }),
    {
      maxLength: 1,
    },
  ),
  failures: fc.constant(0),
  refunds: planParts.refunds.map((refunds) => refunds.slice(0, 1)),
  warning: fc.constant('none' as const),
  isResolved: fc.constant(false),
})

export const shortLife: fc.Arbitrary<Life> = shortPlan.map((one) => new Story(one).told())

/** One life. A charge that grows over several captures is left out unless asked for: its entries depend on when. */
export function life({ withGrowth = false }: { withGrowth?: boolean } = {}): fc.Arbitrary<Life> {
  const allowed = withGrowth ? plan : plan.filter((one) => one.capture !== 'grown')
  return allowed.map((one) => new Story(one).told())
}

/** One line per fact, for a failure that a person must read. */
export function shownFacts(facts: readonly KnownFact[]): string {
  return facts.map((one) => `  ${one.id} ${encodeData(one.data)}`).join('\n')
}

/** Facts that belong to the account and touch no order. */
export function isAccountLevel(one: KnownFact): boolean {
  return one.kind === 'payout_state'
}

/** Other witnesses of the same facts: rougher ones that must lose, and exact copies from another path. */
export function retold(facts: readonly KnownFact[]): KnownFact[] {
  return facts.flatMap((one, index) => {
    if (index % 3 === 0) return [{ ...one, source: 'poll' as const }]
    if (index % 3 === 1 && one.kind === 'payment_captured') {
      const rough = fact(one.kind, one.subject, one.data, { apart: one.data.amountMinor, at: 900, rank: -1 })
      return [{ ...rough, id: one.id, connection: one.connection, scope: one.scope } as KnownFact]
    }
    return []
  })
}
