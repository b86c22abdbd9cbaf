import type { Fact, FactData, FactKind } from '../../core/fact.ts'
import { exponentOf, printDecimal } from '../../core/money.ts'

type Words = { readonly [K in FactKind]: (data: FactData[K], id: string) => string }

/** One sentence a kind, with the figures; what a person reads before anything else. Never a buyer's name or address. */
const words: Words = {
  order_placed: ({ saleKind }) =>
    `The order was placed${saleKind === undefined || saleKind === 'sale' ? '' : ` (${saleKind})`}`,
  order_numbered: ({ number }) => `Its number is ${number}`,
  order_total: ({ totalMinor, currency, by }) => `Its total is ${money(totalMinor, currency)}, ${says(by)}`,
  order_components: ({ currency, shippingMinor, taxMinor, discountMinor }) =>
    `Of its total: ${
      [
        shippingMinor === undefined ? '' : `shipping ${money(shippingMinor, currency)}`,
        taxMinor === undefined ? '' : `tax ${money(taxMinor, currency)}`,
        discountMinor === undefined ? '' : `discount ${money(discountMinor, currency)}`,
      ]
        .filter((part) => part !== '')
        .join(', ') || 'nothing besides the goods'
    }`,
  order_lines: ({ lines, by }) =>
    `${lines.length} ${lines.length === 1 ? 'line' : 'lines'}, ${says(by)}: ${lines.map(line).join(', ')}`,
  order_shipping: ({ required, method }) =>
    required ? `To be shipped${method === undefined ? '' : ` by ${method}`}` : 'Needs no shipping',
  customer_seen: ({ by, hasEmail, hasAddress }) =>
    `The ${by} names the customer, ${hasEmail ? 'with' : 'without'} e-mail, ${hasAddress ? 'with' : 'without'} address`,
  order_snapshot: ({ totalMinor, currency, lines, version, financialStatus }) =>
    `The shop has it at ${version}: ${money(totalMinor, currency)}, ${lines.map(line).join(', ') || 'no lines'}, ${plain(financialStatus)}`,
  order_deleted: () => 'The shop deleted the order',
  order_cancelled: ({ reason }) => `The order was cancelled: ${reason}`,
  checkout_expired: () => 'The checkout expired',
  payment_started: ({ amountMinor, currency }, id) =>
    `A payment of ${money(amountMinor, currency)} was begun (${id})`,
  payment_pending: ({ amountMinor, currency, reason }, id) =>
    `${money(amountMinor, currency)} is pending: ${plain(reason)} (${id})`,
  payment_authorized: ({ amountMinor, currency }, id) =>
    `${money(amountMinor, currency)} was authorized (${id})`,
  payment_failed: ({ amountMinor, currency, reason }, id) =>
    `An attempt to pay ${money(amountMinor, currency)} failed: ${plain(reason)} (${id})`,
  payment_voided: ({ reason }, id) =>
    `The payment was released, nothing more will be taken: ${plain(reason)} (${id})`,
  payment_captured: ({ amountMinor, currency, tender }, id) =>
    `${money(amountMinor, currency)} was captured${tender === 'provider' ? '' : ` by ${plain(tender)}`} (${id})`,
  payment_returned: ({ amountMinor, currency, reason }, id) =>
    `The payer's bank took back ${money(amountMinor, currency)}: ${plain(reason)} (${id})`,
  payment_evidence: ({ transaction, status, amountMinor, currency, gateway }, id) =>
    `The shop shows ${plain(transaction)} of ${money(amountMinor, currency)} by ${plain(gateway)}: ${plain(status)} (${id})`,
  refunds_total: ({ amountMinor, currency }, id) =>
    `In all ${money(amountMinor, currency)} of ${id} went back`,
  refund_pending: ({ amountMinor, currency }, id) =>
    `A refund of ${money(amountMinor, currency)} is under way (${id})`,
  refund_succeeded: ({ amountMinor, currency }, id) => `${money(amountMinor, currency)} was refunded (${id})`,
  refund_failed: ({ amountMinor, currency, reason }, id) =>
    `The refund of ${money(amountMinor, currency)} failed: ${plain(reason)} (${id})`,
  refund_canceled: ({ amountMinor, currency }, id) =>
    `The refund of ${money(amountMinor, currency)} was cancelled (${id})`,
  refund_moved: ({ amountMinor, currency }, id) =>
    `The refunded ${money(amountMinor, currency)} left the balance (${id})`,
  refund_returned: ({ amountMinor, currency }, id) =>
    `The failed refund's ${money(amountMinor, currency)} came back to the balance (${id})`,
  dispute_state: ({ state, amountMinor, currency, reason, dueBy }, id) =>
    `${disputeWords[state]}: ${money(amountMinor, currency)}, ${plain(reason)}${dueBy === undefined || state !== 'open' ? '' : `, answer by ${dueBy}`} (${id})`,
  fraud_warning: ({ detail, open }) =>
    `${open ? 'The provider warns of fraud' : 'The warning of fraud was closed'}: ${plain(detail)}`,
  balance_line: ({ category, amountMinor, feeMinor, currency, payout }, id) =>
    `The balance shows ${plain(category)} ${money(amountMinor, currency)}, fee ${money(feeMinor, currency)}${payout === undefined ? '' : `, in payout ${payout}`} (${id})`,
  refund_lines: ({ lines }, id) =>
    `Refunded goods: ${lines.map(({ quantity, restock }) => `${quantity} (${plain(restock)})`).join(', ') || 'none'} (${id})`,
  fulfillment_state: ({ state, lines, carrier, number }, id) =>
    `A shipment of ${lines.reduce((sum, { quantity }) => sum + quantity, 0)} items is ${plain(state)}${carrier === undefined ? '' : `, by ${carrier}`}${number === undefined ? '' : `, tracking ${number}`} (${id})`,
  return_state: ({ state }, id) => `A return is ${plain(state)} (${id})`,
  stock_observed: ({ available, sku }) => `The shop shows ${available ?? 'untracked'} of ${sku ?? 'an item'}`,
  stock_short: ({ sku, short }) =>
    short === 0 ? `${sku} is there again` : `${short} of ${sku} were sold and are not there`,
  lag_passed: ({ what }) =>
    what === 'unmatched_order'
      ? 'The payment side still does not know this order'
      : 'No order claims this payment',
  payout_state: ({ state, amountMinor, currency }, id) =>
    `The payout of ${money(amountMinor, currency)} is ${plain(state)} (${id})`,
  subscription_seen: ({ status }, id) => `The subscription is ${plain(status)} (${id})`,
  operator_resolved: ({ code, as, by }) => `An operator (${by}) closed ${plain(code)} as ${plain(as)}`,
  operator_released: ({ by }) => `An operator (${by}) released the order`,
  operator_resent: ({ by, keys }) =>
    `An operator (${by}) had ${keys.length === 1 ? 'the receipt' : `${keys.length} receipts`} sent again`,
  effect_performed: ({ effectKind, state, reference }) =>
    `The ${plain(effectKind)} is ${plain(state)}${reference === undefined ? '' : `, reference ${reference}`}`,
}

const disputeWords = {
  inquiry: 'The bank inquires',
  open: 'The payment is disputed',
  won: 'The dispute was won',
  lost: 'The dispute was lost',
  withdrawn: 'The dispute ended as if it had never been',
}

/** What a fact says, in one sentence. */
export function summaryOf(fact: Fact): string {
  const say = words[fact.kind] as (data: Fact['data'], id: string) => string
  return say(fact.data, fact.subject.id)
}

function money(amountMinor: bigint, currency: string): string {
  return exponentOf(currency) === undefined
    ? `${amountMinor} ${currency}`
    : `${printDecimal({ amountMinor, currency })} ${currency}`
}

function says(by: string): string {
  return by === 'declared' || by === 'metadata' ? 'as the shop declared' : `says the ${by}`
}

function line({ quantity, sku, title }: { quantity: number; sku?: string; title?: string }): string {
  return `${quantity} × ${sku ?? title ?? 'unnamed'}`
}

/** `insufficient_funds` as words. */
function plain(code: string): string {
  return code.replaceAll('_', ' ')
}
