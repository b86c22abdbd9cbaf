import { createHash } from 'node:crypto'
import {
  canonicalFact,
  type Fact,
  type FactData,
  type FactKind,
  factId,
  type FeeDetail,
  type KnownFact,
  type LineItem,
  type Ref,
} from '../../src/core/fact.ts'
import type { Policy } from '../../src/core/effect.ts'

/** Every sink on, the default policy: what most tests judge effects by. */
export const policy: Policy = {
  sinks: { inventory: true, accounting: true, receipt: true, fulfillment: true, notify: true },
  receiptWaitMs: 600_000,
  commitOn: 'paid',
  releaseOn: 'paid',
  notifyOn: ['needs_review'],
  refundDueAfterMs: 0,
}

export type FactOptions = {
  readonly at?: number // hours after the first of March, so that a test reads like a diary
  readonly apart?: string | bigint
  readonly rank?: number
  readonly connection?: string
  readonly source?: KnownFact['source']
}

export function at(hours: number): string {
  return new Date(Date.UTC(2026, 2, 1) + hours * 3_600_000).toISOString()
}

/** A known fact with its digest; the connection is its own scope unless told otherwise. */
export function fact<K extends FactKind>(
  kind: K,
  subject: Ref,
  data: FactData[K],
  options: FactOptions = {},
): KnownFact {
  const stated = {
    id: factId(kind, subject, options.apart),
    kind,
    subject,
    occurredAt: at(options.at ?? 0),
    rank: options.rank ?? 0,
    data,
  } as Fact
  const digest = createHash('sha256').update(canonicalFact(stated)).digest('hex')
  const connection = options.connection ?? 'shop'
  return { ...stated, digest, connection, scope: connection, source: options.source ?? 'webhook' }
}

export const charge = (id = 'ch_1'): Ref => ({ kind: 'charge', id })
export const intent = (id = 'pi_1'): Ref => ({ kind: 'payment_intent', id })
export const session = (id = 'cs_1'): Ref => ({ kind: 'checkout_session', id })
export const refund = (id = 're_1'): Ref => ({ kind: 'refund', id })
export const dispute = (id = 'dp_1'): Ref => ({ kind: 'dispute', id })
export const payout = (id = 'po_1'): Ref => ({ kind: 'payout', id })
const order = (id = '1001'): Ref => ({ kind: 'number', id })

type Sum = { readonly amountMinor: bigint; readonly currency?: string }

/** Facts as one would say them. Amounts are in USD unless the test names a currency; `at` counts hours. */
export const say = {
  started: ({ amountMinor, currency = 'USD' }: Sum, options: FactOptions & { id?: string } = {}) =>
    fact('payment_started', intent(options.id), { amountMinor, currency }, options),
  attempt: (
    kind: 'payment_pending' | 'payment_failed' | 'payment_returned',
    { amountMinor, currency = 'USD' }: Sum,
    options: FactOptions & { on?: Ref; intentId?: string; reason?: string } = {},
  ) =>
    fact(
      kind,
      options.on ?? charge(),
      { amountMinor, currency, reason: options.reason ?? 'r', ...named(options) } as never,
      options,
    ),
  authorized: (
    { amountMinor, currency = 'USD' }: Sum,
    options: FactOptions & { on?: Ref; intentId?: string } = {},
  ) =>
    fact(
      'payment_authorized',
      options.on ?? charge(),
      { amountMinor, currency, ...named(options) },
      { apart: amountMinor, ...options },
    ),
  voided: (options: FactOptions & { on?: Ref; intentId?: string } = {}) =>
    fact(
      'payment_voided',
      options.on ?? charge(),
      { reason: 'requested_by_customer', ...named(options) },
      options,
    ),
  captured: (
    { amountMinor, currency = 'USD' }: Sum,
    options: FactOptions & {
      on?: Ref
      intentId?: string
      tender?: FactData['payment_captured']['tender']
    } = {},
  ) =>
    fact(
      'payment_captured',
      options.on ?? charge(),
      { amountMinor, currency, tender: options.tender ?? 'provider', ...named(options) },
      { apart: amountMinor, ...options },
    ),
  refund: (
    state: 'pending' | 'succeeded' | 'failed' | 'canceled',
    { amountMinor, currency = 'USD' }: Sum,
    options: FactOptions & { id?: string; paymentId?: string } = {},
  ) => {
    const data = {
      amountMinor,
      currency,
      paymentId: options.paymentId ?? 'ch_1',
      ...(state === 'failed' ? { reason: 'lost_card' } : {}),
    }
    return fact(`refund_${state}`, refund(options.id), data as never, options)
  },
  refundMoved: (
    kind: 'refund_moved' | 'refund_returned',
    { amountMinor, currency = 'USD' }: Sum,
    options: FactOptions & { id?: string; paymentId?: string; tender?: 'gift_card' } = {},
  ) => {
    const tender = options.tender === undefined ? {} : { tender: options.tender }
    return fact(
      kind,
      refund(options.id),
      { amountMinor, currency, paymentId: options.paymentId ?? 'ch_1', ...tender },
      options,
    )
  },
  refundsTotal: ({ amountMinor, currency = 'USD' }: Sum, options: FactOptions & { on?: Ref } = {}) =>
    fact(
      'refunds_total',
      options.on ?? charge(),
      { amountMinor, currency },
      { apart: amountMinor, ...options },
    ),
  dispute: (
    state: FactData['dispute_state']['state'],
    { amountMinor, currency = 'USD' }: Sum,
    options: FactOptions & { id?: string; paymentId?: string; dueBy?: string } = {},
  ) => {
    const rank = ['inquiry', 'open', 'withdrawn', 'lost', 'won'].indexOf(state)
    const dueBy = options.dueBy === undefined ? {} : { dueBy: options.dueBy }
    const data = {
      state,
      detail: state,
      rank,
      amountMinor,
      currency,
      reason: 'fraudulent',
      paymentId: options.paymentId ?? 'ch_1',
      ...dueBy,
    }
    return fact('dispute_state', dispute(options.id), data, { apart: state, ...options })
  },
  line: (
    id: string,
    category: string,
    {
      amountMinor,
      feeMinor = 0n,
      currency = 'USD',
      taxMinor = 0n,
    }: Sum & { feeMinor?: bigint; taxMinor?: bigint },
    options: FactOptions & { of?: Ref; payout?: string } = {},
  ) => {
    const fees: FeeDetail[] = [
      { type: 'provider' as const, amountMinor: feeMinor - taxMinor },
      { type: 'tax' as const, amountMinor: taxMinor },
    ].filter((fee) => fee.amountMinor !== 0n)
    const source = options.of === undefined ? {} : { source: options.of }
    const paid = options.payout === undefined ? {} : { payout: options.payout }
    const data = {
      category,
      type: category,
      amountMinor,
      feeMinor,
      netMinor: amountMinor - feeMinor,
      currency,
      fees,
      ...source,
      ...paid,
    }
    return fact('balance_line', { kind: 'transaction', id }, data, options)
  },
  total: (
    { amountMinor, currency = 'USD' }: Sum,
    by: FactData['order_total']['by'] = 'session',
    options: FactOptions & { on?: Ref } = {},
  ) =>
    fact(
      'order_total',
      options.on ?? session(),
      { totalMinor: amountMinor, currency, by },
      { apart: by, ...options },
    ),
  placed: (options: FactOptions & { on?: Ref; saleKind?: 'sale' | 'renewal' | 'invoice' } = {}) =>
    fact(
      'order_placed',
      options.on ?? session(),
      options.saleKind === undefined ? {} : { saleKind: options.saleKind },
      options,
    ),
  numbered: (number: string, priority = 0, options: FactOptions & { on?: Ref } = {}) =>
    fact('order_numbered', options.on ?? session(), { number, priority }, { apart: number, ...options }),
  lines: (
    lines: readonly LineItem[],
    by: FactData['order_lines']['by'] = 'session',
    options: FactOptions & { currency?: string; on?: Ref } = {},
  ) =>
    fact(
      'order_lines',
      options.on ?? session(),
      { lines, currency: options.currency ?? 'USD', by },
      { apart: by, ...options },
    ),
  components: (
    data: Omit<FactData['order_components'], 'currency'>,
    options: FactOptions & { currency?: string } = {},
  ) => fact('order_components', session(), { currency: options.currency ?? 'USD', ...data }, options),
  customer: (options: FactOptions & { hasEmail?: boolean } = {}) =>
    fact(
      'customer_seen',
      session(),
      { personId: 'person', hasEmail: options.hasEmail ?? true, hasAddress: true, by: 'session' },
      options,
    ),
  shipping: (options: FactOptions = {}) =>
    fact('order_shipping', session(), { personId: 'person', required: true }, options),
  cancelled: (options: FactOptions = {}) =>
    fact('order_cancelled', session(), { reason: 'customer' }, options),
  expired: (options: FactOptions & { id?: string } = {}) =>
    fact('checkout_expired', session(options.id), {}, options),
  shipped: (
    lines: readonly { lineId: string; quantity: number }[],
    options: FactOptions & { id?: string } = {},
  ) => {
    const data = { version: at(options.at ?? 0), state: 'shipped', lines } as const
    return fact('fulfillment_state', { kind: 'fulfillment', id: options.id ?? 'ful_1' }, data, options)
  },
  warned: (open: boolean, options: FactOptions = {}) =>
    fact(
      'fraud_warning',
      charge(),
      { detail: 'stolen card', open },
      { apart: 'issfr_1', rank: open ? 0 : 1, ...options },
    ),
  resolved: (code: string, figures: string, options: FactOptions & { as?: string } = {}) =>
    fact(
      'operator_resolved',
      order(),
      { code, as: options.as ?? 'accepted', note: 'n', figures, by: 'op' },
      { apart: `${code}:${figures}`, source: 'operator', ...options },
    ),
  released: (options: FactOptions = {}) =>
    fact('operator_released', order(), { note: 'n', by: 'op' }, { source: 'operator', ...options }),
  performed: (key: string, effectKind: 'request' | 'cancellation' | 'receipt', options: FactOptions = {}) =>
    fact(
      'effect_performed',
      order(),
      { key, sink: effectKind === 'receipt' ? 'receipt' : 'fulfillment', effectKind, state: 'done' },
      { apart: key, source: 'effect', ...options },
    ),
  payout: (
    state: FactData['payout_state']['state'],
    { amountMinor, currency = 'USD' }: Sum,
    options: FactOptions & { id?: string; automatic?: boolean } = {},
  ) =>
    fact(
      'payout_state',
      payout(options.id),
      { state, amountMinor, currency, arrivalDate: at(48), automatic: options.automatic ?? true },
      { apart: state, ...options },
    ),
}

function named({ intentId }: { readonly intentId?: string }): { intentId?: string } {
  return intentId === undefined ? {} : { intentId }
}

/** The shop's order of the books' first example: 2 × 20.00, discount 5.00, shipping 4.00, tax 1.80 = 40.80. */
export function tees(): KnownFact[] {
  return [
    say.placed(),
    say.numbered('1001'),
    say.total({ amountMinor: 4080n }),
    say.lines([{ id: 'li_1', sku: 'TEE-M', title: 'Tee', quantity: 2, unitPriceMinor: 2000n }]),
    say.components({
      subtotalMinor: 4000n,
      discountMinor: 500n,
      shippingMinor: 400n,
      taxMinor: 180n,
      taxIncluded: false,
      taxes: [{ jurisdiction: 'US-CA', amountMinor: 180n }],
    }),
    say.customer(),
    say.shipping(),
  ]
}

/** The same, paid in full by one charge. */
export function paidTees(): KnownFact[] {
  return [...tees(), say.captured({ amountMinor: 4080n }, { intentId: 'pi_1', at: 1 })]
}
