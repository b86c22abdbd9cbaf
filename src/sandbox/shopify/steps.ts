import { orderBody } from './bodies/order.ts'
import { editBody } from './bodies/others.ts'
import { transactionBody } from './bodies/parts.ts'
import { bare } from './bodies/shapes.ts'
import { figuresOf, financialStatusOf, paidOf } from './figures.ts'
import type { Line, ShopOrder, Transaction } from './things.ts'
import { orderOf, type World } from './world.ts'

export type Purchase = {
  /** Without the `#` that the shop puts before it. */
  readonly number: string
  readonly lines: readonly {
    readonly sku: string
    readonly quantity: number
    readonly unitMinor: bigint
    readonly taxMinor?: bigint
    readonly title?: string
    readonly needsShipping?: boolean
  }[]
  readonly shippingMinor?: bigint
  readonly discountMinor?: bigint
  /** The buyer's currency, and what the whole order comes to in it. */
  readonly presentment?: { readonly currency: string; readonly totalMinor: bigint }
  readonly email?: string | null
  readonly isTest?: boolean
  readonly sourceName?: string
  readonly tags?: readonly string[]
}

/** How a payment goes. Default: a sale of all that is due, by the shop's own payments. */
export type Payment = {
  readonly amountMinor?: bigint
  readonly gateway?: string
  readonly kind?: 'sale' | 'authorization'
  readonly status?: Transaction['status']
}

/** What buyers and staff do with an order until it is paid: each step changes the shop, and tells it as the shop does. */
export class Steps {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  place(purchase: Purchase): ShopOrder {
    const { newId, at, currency, orders } = this.#world
    const order: ShopOrder = {
      id: newId(),
      name: `#${purchase.number}`,
      placedAt: at(),
      updatedAt: at(),
      currency,
      presentment: undefined,
      isTest: purchase.isTest ?? false,
      sourceName: purchase.sourceName ?? 'web',
      buyer: {
        customerId: newId(),
        email: purchase.email === null ? undefined : (purchase.email ?? 'ada@example.com'),
        firstName: 'Ada',
        lastName: 'Example',
      },
      shippingMinor: purchase.shippingMinor ?? 0n,
      discountMinor: purchase.discountMinor ?? 0n,
      lines: purchase.lines.map((line) => this.#line(line)),
      transactions: [],
      refunds: [],
      fulfillments: [],
      tags: purchase.tags ?? [],
      cancelled: undefined,
    }
    const { presentment } = purchase
    const placed = presentment && {
      ...order,
      presentment: { ...presentment, ofMinor: figuresOf(order).totalMinor },
    }
    orders.set(order.id, placed ?? order)
    this.#tell('orders/create', placed ?? order)
    return placed ?? order
  }

  pay(orderId: string, payment: Payment = {}): Transaction {
    const order = orderOf(this.#world, orderId)
    const due = figuresOf(order).outstandingMinor
    const made = this.#transact(order, {
      kind: payment.kind ?? 'sale',
      amountMinor: payment.amountMinor ?? due,
      gateway: payment.gateway ?? 'shopify_payments',
      status: payment.status ?? 'success',
      parentId: undefined,
    })
    this.#settled(order)
    return made
  }

  /** What came in for a payment that was pending: a bank deposit, cash on delivery. */
  clear(orderId: string, transactionId: string): Transaction {
    const order = orderOf(this.#world, orderId)
    const { gateway, amountMinor } = this.#transaction(order, transactionId)
    const made = this.#transact(order, {
      kind: 'sale',
      amountMinor,
      gateway,
      status: 'success',
      parentId: transactionId,
    })
    this.#settled(order)
    return made
  }

  capture(orderId: string, authorizationId: string, amountMinor?: bigint): Transaction {
    const order = orderOf(this.#world, orderId)
    const held = this.#transaction(order, authorizationId)
    const made = this.#transact(order, {
      kind: 'capture',
      amountMinor: amountMinor ?? held.amountMinor,
      gateway: held.gateway,
      status: 'success',
      parentId: held.id,
    })
    this.#settled(order)
    return made
  }

  release(orderId: string, authorizationId: string): Transaction {
    const order = orderOf(this.#world, orderId)
    const { gateway, amountMinor, id } = this.#transaction(order, authorizationId)
    const made = this.#transact(order, {
      kind: 'void',
      amountMinor,
      gateway,
      status: 'success',
      parentId: id,
    })
    this.#changed(order)
    return made
  }

  cancel(orderId: string, reason = 'customer'): void {
    const order = orderOf(this.#world, orderId)
    order.cancelled = { at: this.#world.at(), reason }
    this.#changed(order, 'orders/cancelled')
  }

  /** Units more or fewer of lines, by SKU; a SKU that is not in the order is a new line of the given price. */
  edit(orderId: string, changes: readonly { sku: string; delta: number; unitMinor?: bigint }[]): void {
    const order = orderOf(this.#world, orderId)
    const done = changes.map(({ sku, delta, unitMinor = 0n }) => {
      const line = order.lines.find((one) => one.sku === sku) ?? this.#line({ sku, quantity: 0, unitMinor })
      if (!order.lines.includes(line)) order.lines.push(line)
      if (delta > 0) line.quantity += delta
      else line.removed -= delta
      return { line, delta }
    })
    order.updatedAt = this.#world.at()
    this.#world.emit('orders/edited', editBody(this.#world.newId(), order, done))
    this.#tell('orders/updated', order)
  }

  /** A change that the order shows and nothing else: a tag. */
  tag(orderId: string, ...tags: string[]): void {
    const order = orderOf(this.#world, orderId)
    order.tags = [...order.tags, ...tags]
    this.#changed(order)
  }

  delete(orderId: string): void {
    const { id } = orderOf(this.#world, orderId)
    this.#world.orders.delete(id)
    this.#world.emit('orders/delete', { id: bare(id) })
  }

  #line(given: Purchase['lines'][number]): Line {
    const { items, newId, at } = this.#world
    const known = [...items.values()].find(({ sku }) => sku === given.sku)
    const item = known ?? {
      id: newId(),
      sku: given.sku,
      title: given.title ?? given.sku,
      available: 0,
      updatedAt: at(),
    }
    items.set(item.id, item)
    return {
      id: newId(),
      itemId: item.id,
      sku: given.sku,
      title: item.title,
      unitMinor: given.unitMinor,
      taxMinor: given.taxMinor ?? 0n,
      needsShipping: given.needsShipping ?? true,
      quantity: given.quantity,
      removed: 0,
      refunded: 0,
    }
  }

  #transaction({ transactions }: ShopOrder, id: string): Transaction {
    const found = transactions.find((one) => one.id === id)
    if (found === undefined) throw new Error(`the order has no transaction ${id}`)
    return found
  }

  #transact(order: ShopOrder, given: Omit<Transaction, 'id' | 'orderId' | 'at'>): Transaction {
    const { newId, at, emit, balance } = this.#world
    const made: Transaction = { id: newId(), orderId: order.id, at: at(), ...given }
    order.transactions.push(made)
    order.updatedAt = at()
    emit('order_transactions/create', transactionBody(order, made))
    const isMoney = made.status === 'success' && (made.kind === 'sale' || made.kind === 'capture')
    if (isMoney && made.gateway === 'shopify_payments') {
      const id = newId()
      balance.set(id, {
        id,
        type: 'charge',
        at: at(),
        currency: order.currency,
        amountMinor: made.amountMinor,
        feeMinor: (made.amountMinor * 29n) / 1000n + 30n,
        sourceId: made.id,
        transactionId: made.id,
        orderId: order.id,
        payoutId: undefined,
      })
    }
    return made
  }

  /** `orders/paid` comes once nothing is due any more. */
  #settled(order: ShopOrder): void {
    const isPaid = financialStatusOf(order) === 'paid' && paidOf(order).capturedMinor > 0n
    this.#changed(order, ...(isPaid ? ['orders/paid'] : []))
  }

  #changed(order: ShopOrder, ...topics: string[]): void {
    order.updatedAt = this.#world.at()
    for (const topic of [...topics, 'orders/updated']) this.#tell(topic, order)
  }

  #tell(topic: string, order: ShopOrder): void {
    this.#world.emit(topic, orderBody(this.#world, order))
  }
}
