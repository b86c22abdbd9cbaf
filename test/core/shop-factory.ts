import type { FactData, KnownFact, Ref } from '../../src/core/fact.ts'
import { fold, type FoldContext } from '../../src/core/fold.ts'
import type { Order } from '../../src/core/order.ts'
import { at, fact, type FactOptions, say } from './factory.ts'

/** A shop that speaks for orders and goods, and a payment provider beside it. */
export const twoWitnesses: FoldContext = {
  speaksFor: (connection, part) => (connection === 'pay') === (part === 'payment'),
}

/** The same with a warehouse that speaks for goods alone. */
export const withWarehouse: FoldContext = {
  speaksFor: (connection, part) =>
    connection === 'wms' ? part === 'fulfillment' : twoWitnesses.speaksFor!(connection, part),
}

export const shopOrder: Ref = { kind: 'order', id: '5001' }
const refundOf = (id: string): Ref => ({ kind: 'refund', id })
const shipment = (id: string): Ref => ({ kind: 'fulfillment', id })
const transaction = (id: string): Ref => ({ kind: 'transaction', id })

type Snapshot = FactData['order_snapshot']

/** Two tees at 20.00, 4.00 shipping, 1.80 tax: 45.80, at the hour that is its version. */
export function snapshot(hour: number, over: Partial<Snapshot> = {}, options: FactOptions = {}): KnownFact {
  const version = at(hour)
  const data: Snapshot = {
    version,
    currency: 'USD',
    totalMinor: 4580n,
    components: {
      subtotalMinor: 4000n,
      shippingMinor: 400n,
      taxMinor: 180n,
      taxIncluded: false,
      taxes: [{ jurisdiction: 'US-CA', amountMinor: 180n }],
    },
    lines: [tees(2)],
    gateways: ['stripe'],
    financialStatus: 'pending',
    ...over,
  }
  return fact('order_snapshot', shopOrder, data, { apart: version, at: 0, ...options })
}

export function tees(quantity: number, id = 'li_1', sku = 'TEE-M') {
  return { id, sku, quantity, unitPriceMinor: 2000n, totalMinor: 2000n * BigInt(quantity) }
}

/** What shops say beside snapshots. Connections are the shop's unless a test says otherwise. */
export const shop = {
  placed: (options: FactOptions = {}) => fact('order_placed', shopOrder, {}, options),
  numbered: () => fact('order_numbered', shopOrder, { number: '1001', priority: 0 }, { apart: '1001' }),
  customer: () =>
    fact('customer_seen', shopOrder, { personId: 'per', hasEmail: true, hasAddress: true, by: 'shop' }),
  deleted: (options: FactOptions = {}) => fact('order_deleted', shopOrder, {}, options),
  paidBy: (
    tender: FactData['payment_captured']['tender'],
    amountMinor: bigint,
    options: FactOptions & { id?: string; currency?: string } = {},
  ) =>
    fact(
      'payment_captured',
      transaction(options.id ?? 'tx_1'),
      { amountMinor, currency: options.currency ?? 'USD', tender },
      { apart: amountMinor, ...options },
    ),
  evidence: (amountMinor: bigint, options: FactOptions & { id?: string } = {}) =>
    fact(
      'payment_evidence',
      transaction(options.id ?? 'tx_9'),
      { transaction: 'sale', status: 'success', amountMinor, currency: 'USD', gateway: 'stripe' },
      options,
    ),
  refundLines: (
    lines: FactData['refund_lines']['lines'],
    options: FactOptions & { id?: string; shippingMinor?: bigint; adjustmentMinor?: bigint } = {},
  ) => {
    const { shippingMinor, adjustmentMinor } = options
    const sums = {
      ...(shippingMinor === undefined ? {} : { shippingMinor }),
      ...(adjustmentMinor === undefined ? {} : { adjustmentMinor }),
    }
    return fact(
      'refund_lines',
      refundOf(options.id ?? 'shop_re_1'),
      { lines, currency: 'USD', ...sums },
      options,
    )
  },
  shipped: (
    quantity: number,
    options: FactOptions & {
      id?: string
      state?: FactData['fulfillment_state']['state']
      version?: number
      number?: string
    } = {},
  ) => {
    const version = at(options.version ?? options.at ?? 0)
    const number = options.number === undefined ? {} : { number: options.number }
    const lines = [{ lineId: 'li_1', quantity }]
    const data = { version, state: options.state ?? 'shipped', lines, ...number } as const
    return fact('fulfillment_state', shipment(options.id ?? 'ful_9'), data, { apart: version, ...options })
  },
  returned: (state: FactData['return_state']['state'], hour: number) =>
    fact(
      'return_state',
      { kind: 'refund', id: 'return_1' },
      { version: at(hour), state },
      { apart: at(hour) },
    ),
  lag: (what: FactData['lag_passed']['what'], figures: string) =>
    fact('lag_passed', shopOrder, { what, figures }, { apart: `${what}:${figures}`, source: 'poll' }),
  requested: (number: number, quantity: number, options: FactOptions & { shipTo?: string } = {}) =>
    fact(
      'effect_performed',
      shopOrder,
      {
        key: `fulfil:shop:5001:${number}`,
        sink: 'fulfillment',
        effectKind: 'request',
        state: 'done',
        lines: [{ sku: 'TEE-M', quantity }],
        ...(options.shipTo === undefined ? {} : { shipTo: options.shipTo }),
      },
      { apart: `request:${number}`, source: 'effect', ...options },
    ),
}

export const placed = [shop.placed(), shop.numbered(), shop.customer()]

/** Money that the payment provider takes for the shop's order. */
export function pay(
  amountMinor: bigint,
  options: Parameters<typeof say.captured>[1] & { currency?: string } = {},
): KnownFact {
  const currency = options.currency === undefined ? {} : { currency: options.currency }
  return say.captured({ amountMinor, ...currency }, { connection: 'pay', at: 1, ...options })
}

/** The shop's order with all that is said of it. */
export function told(...facts: KnownFact[]): Order {
  return fold([...placed, ...facts], twoWitnesses)
}

export function codes(...facts: KnownFact[]): string[] {
  return told(...facts).reviews.map((review) => review.code)
}
