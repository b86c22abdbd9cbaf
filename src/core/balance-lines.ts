import type { FactData } from './fact.ts'

/** What a line of a provider's balance means to the books; `unknown` goes to suspense until somebody maps it. */
export type Meaning =
  | 'charge'
  | 'partial_capture' // gives back at once what a partial capture did not take
  | 'payment_failure' // a capture that its bank took back
  | 'refund'
  | 'refund_failure'
  | 'dispute'
  | 'payout'
  | 'reserve'
  | 'fee'
  | 'tax'
  | 'adjustment'
  | 'transfer'
  | 'platform_fee'
  | 'topup'
  | 'conversion' // one side of it: what went out of a currency, or came into another
  | 'unknown'

/**
 * A Map, because the words come from outside. Reporting categories as providers name them; where a line has none, its
 * type is looked up in the same list.
 */
const meanings = new Map<string, Meaning>([
  ['charge', 'charge'],
  ['payment', 'charge'],
  ['partial_capture_reversal', 'partial_capture'],
  ['charge_failure', 'payment_failure'],
  ['payment_failure_refund', 'payment_failure'],
  ['refund', 'refund'],
  ['payment_refund', 'refund'],
  ['refund_failure', 'refund_failure'],
  ['dispute', 'dispute'],
  ['dispute_reversal', 'dispute'],
  ['payout', 'payout'],
  ['payout_reversal', 'payout'],
  ['payout_failure', 'payout'],
  ['payout_cancel', 'payout'],
  ['risk_reserved_funds', 'reserve'],
  ['connect_reserved_funds', 'reserve'],
  ['reserved_funds', 'reserve'],
  ['reserve_transaction', 'reserve'],
  ['fee', 'fee'],
  ['network_cost', 'fee'],
  ['tax', 'tax'],
  ['tax_fee', 'tax'],
  ['other_adjustment', 'adjustment'],
  ['adjustment', 'adjustment'],
  ['contribution', 'adjustment'],
  ['transfer', 'transfer'],
  ['transfer_reversal', 'transfer'],
  ['platform_earning', 'platform_fee'],
  ['platform_earning_refund', 'platform_fee'],
  ['topup', 'topup'],
  ['topup_reversal', 'topup'],
  ['conversion', 'conversion'],
])

export function meaningOf(line: FactData['balance_line']): Meaning {
  return (
    meanings.get(line.category) ?? (line.category === '' ? meanings.get(line.type) : undefined) ?? 'unknown'
  )
}
