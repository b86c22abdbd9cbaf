import { orderBody } from './bodies/order.ts'
import { disputeBody } from './bodies/others.ts'
import { refundBody, transactionBody, worthOf } from './bodies/parts.ts'
import type { BalanceLine, Dispute, Payout, Refund, ShopOrder, Transaction } from './things.ts'
import { orderOf, type World } from './world.ts'

export type RefundGiven = {
  /** Of which lines, by SKU. Default: none, money alone. */
  readonly lines?: readonly {
    readonly sku: string
    readonly quantity: number
    readonly restock?: 'return' | 'cancel' | 'no_restock'
  }[]
  /** Default: what the lines are worth; 0n gives goods back without money. */
  readonly amountMinor?: bigint
  readonly status?: Transaction['status']
  /** What is given back. Default: the order's first payment that took money. */
  readonly paymentId?: string
}

/** What happens to money that was taken: refunds, disputes, and the way to the bank. */
export class After {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  refund(orderId: string, given: RefundGiven = {}): Refund {
    const { newId, at, emit } = this.#world
    const order = orderOf(this.#world, orderId)
    const lines = (given.lines ?? []).map(({ sku, quantity, restock = 'no_restock' as const }) => {
      const line = order.lines.find((one) => one.sku === sku)!
      line.refunded += quantity
      return { id: newId(), line, quantity, restock }
    })
    const worth = lines.map(worthOf).reduce((sum, each) => sum + each.subtotalMinor + each.taxMinor, 0n)
    const amountMinor = given.amountMinor ?? worth
    const transactions = amountMinor === 0n ? [] : [this.#giveBack(order, amountMinor, given)]
    const adjustmentMinor = lines.length === 0 ? 0n : amountMinor - worth
    const made: Refund = { id: newId(), orderId, at: at(), lines, adjustmentMinor, transactions }
    order.refunds.push(made)
    order.updatedAt = at()
    emit('refunds/create', refundBody(order, made))
    for (const one of transactions) emit('order_transactions/create', transactionBody(order, one))
    emit('orders/updated', orderBody(this.#world, order))
    return made
  }

  /** A pending refund comes to an end; only the order tells of it. */
  settleRefund(orderId: string, transactionId: string, status: 'success' | 'failure'): void {
    const order = orderOf(this.#world, orderId)
    order.transactions.find(({ id }) => id === transactionId)!.status = status
    order.updatedAt = this.#world.at()
    this.#world.emit('orders/updated', orderBody(this.#world, order))
  }

  dispute(
    orderId: string,
    { amountMinor, type = 'chargeback' as const }: { amountMinor: bigint; type?: Dispute['type'] },
  ): Dispute {
    const { newId, at, disputes, emit } = this.#world
    const { currency } = orderOf(this.#world, orderId)
    const made: Dispute = {
      id: newId(),
      orderId,
      type,
      amountMinor,
      currency,
      initiatedAt: at(),
      status: 'needs_response',
      finalizedOn: undefined,
    }
    disputes.set(made.id, made)
    if (type === 'chargeback')
      this.#line({
        type: 'dispute_withdrawal',
        amountMinor: -amountMinor,
        feeMinor: 1500n,
        sourceId: made.id,
        orderId,
      })
    emit('disputes/create', disputeBody(made))
    return made
  }

  closeDispute(disputeId: string, as: 'won' | 'lost' | 'accepted'): void {
    const { at, disputes, emit } = this.#world
    const dispute = disputes.get(disputeId)!
    Object.assign(dispute, { status: as, finalizedOn: at() })
    const { amountMinor, orderId, type } = dispute
    if (as === 'won' && type === 'chargeback')
      this.#line({ type: 'dispute_reversal', amountMinor, feeMinor: -1500n, sourceId: disputeId, orderId })
    emit('disputes/update', disputeBody(dispute))
  }

  /** All that no payout has taken yet leaves for the bank. No webhook tells of it. */
  payout(status: Payout['status'] = 'paid'): Payout {
    const { newId, at, currency, balance, payouts } = this.#world
    const open = [...balance.values()].filter(({ payoutId }) => payoutId === undefined)
    const netMinor = open.reduce((sum, one) => sum + one.amountMinor - one.feeMinor, 0n)
    const made: Payout = { id: newId(), at: at(), currency, netMinor, status }
    for (const one of open) one.payoutId = made.id
    payouts.set(made.id, made)
    const line = this.#line({
      type: 'transfer',
      amountMinor: -netMinor,
      feeMinor: 0n,
      sourceId: made.id,
      orderId: undefined,
    })
    line.payoutId = made.id
    return made
  }

  #giveBack(
    order: ShopOrder,
    amountMinor: bigint,
    { status = 'success', paymentId }: RefundGiven,
  ): Transaction {
    const payment = order.transactions.find(({ id, kind, status: state }) =>
      paymentId === undefined
        ? (kind === 'sale' || kind === 'capture') && state === 'success'
        : id === paymentId,
    )
    if (payment === undefined) throw new Error('nothing was paid that could be given back')
    const { gateway } = payment
    const id = this.#world.newId()
    const made: Transaction = {
      id,
      orderId: order.id,
      kind: 'refund',
      gateway,
      amountMinor,
      parentId: payment.id,
      at: this.#world.at(),
      status,
    }
    order.transactions.push(made)
    if (status === 'success' && gateway === 'shopify_payments')
      this.#line({
        type: 'refund',
        amountMinor: -amountMinor,
        feeMinor: 0n,
        sourceId: id,
        orderId: order.id,
        transactionId: id,
      })
    return made
  }

  #line(
    given: Pick<BalanceLine, 'type' | 'amountMinor' | 'feeMinor' | 'sourceId' | 'orderId'> & {
      transactionId?: string
    },
  ): BalanceLine {
    const { newId, at, currency, balance } = this.#world
    const made: BalanceLine = {
      id: newId(),
      at: at(),
      currency,
      payoutId: undefined,
      transactionId: undefined,
      ...given,
    }
    balance.set(made.id, made)
    return made
  }
}
