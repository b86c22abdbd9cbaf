import { exponentOf } from '../../core/money.ts'
import { type Amount, linksOf, minorOf, moneyOf, type Resource, within } from './shapes.ts'
import type { PaypalWorld, Purchase } from './world.ts'

/** What can happen in the account: each step changes it, and sends the events that PayPal would send. */
export class Steps {
  readonly #world: PaypalWorld

  constructor(world: PaypalWorld) {
    this.#world = world
  }

  /** An order that a payer has approved. Approved is not paid. */
  order(purchase: Purchase): Resource {
    const { things, newId, emit, at } = this.#world
    const id = newId()
    const made: Resource = {
      id,
      intent: purchase.intent ?? 'CAPTURE',
      status: 'APPROVED',
      purchase_units: [unitOf(purchase)],
      payer: {
        name: { given_name: 'Ada', surname: 'Example' },
        email_address: purchase.email ?? 'buyer@example.com',
        payer_id: 'QYR5Z8XDVJNXQ',
        address: { country_code: 'US' },
      },
      create_time: at(),
      update_time: at(),
      links: linksOf(`/v2/checkout/orders/${id}`),
    }
    things.order.set(id, made)
    emit('CHECKOUT.ORDER.APPROVED', made)
    return made
  }

  /** Takes what was approved, or part of it. `pending` says why it is not settled yet. */
  capture(
    orderId: string,
    options: { amountMinor?: bigint; pending?: string; authorizationId?: string; isFinal?: boolean } = {},
  ): Resource {
    const { need, emit, at } = this.#world
    const total = need('order', orderId).purchase_units[0].amount as Amount
    const amount =
      options.amountMinor === undefined
        ? { currency_code: total.currency_code, value: total.value }
        : moneyOf(options.amountMinor, total.currency_code)
    const made = this.#payment('capture', orderId, amount, { authorization_id: options.authorizationId })
    Object.assign(made, { status: 'PENDING', final_capture: options.isFinal ?? true })
    if (options.authorizationId !== undefined)
      Object.assign(need('authorization', options.authorizationId), {
        status: made.final_capture ? 'CAPTURED' : 'PARTIALLY_CAPTURED',
        update_time: at(),
      })
    if (options.pending === undefined) this.#settle(made)
    else {
      made.status_details = { reason: options.pending }
      emit('PAYMENT.CAPTURE.PENDING', made)
    }
    const parent = need('order', orderId)
    parent.status = 'COMPLETED'
    if (options.pending === undefined) emit('CHECKOUT.ORDER.COMPLETED', parent)
    return made
  }

  /** Approved, captured, done: what most purchases are. */
  pay(purchase: Purchase): { order: Resource; capture: Resource } {
    const made = this.order(purchase)
    return { order: made, capture: this.capture(made.id) }
  }

  complete(captureId: string): void {
    this.#settle(this.#world.need('capture', captureId))
  }

  decline(captureId: string, type: 'DENIED' | 'DECLINED' = 'DENIED'): void {
    const { need, emit, at } = this.#world
    emit(
      `PAYMENT.CAPTURE.${type}`,
      Object.assign(need('capture', captureId), { status: 'DECLINED', update_time: at() }),
    )
  }

  authorize(orderId: string): Resource {
    const { need, emit } = this.#world
    const { currency_code, value } = need('order', orderId).purchase_units[0].amount
    const made = this.#payment('authorization', orderId, { currency_code, value }, {})
    emit('PAYMENT.AUTHORIZATION.CREATED', Object.assign(made, { status: 'CREATED' }))
    return made
  }

  release(authorizationId: string): void {
    const { need, emit, at } = this.#world
    emit(
      'PAYMENT.AUTHORIZATION.VOIDED',
      Object.assign(need('authorization', authorizationId), { status: 'VOIDED', update_time: at() }),
    )
  }

  #payment(kind: 'capture' | 'authorization', orderId: string, amount: Amount, more: Resource): Resource {
    const { things, need, newId, at } = this.#world
    const parent = need('order', orderId)
    const { invoice_id, custom_id } = parent.purchase_units[0]
    const id = newId()
    const made: Resource = {
      id,
      amount,
      ...(invoice_id && { invoice_id, custom_id }),
      supplementary_data: {
        related_ids: {
          order_id: orderId,
          ...(more.authorization_id && { authorization_id: more.authorization_id }),
        },
      },
      create_time: at(),
      update_time: at(),
      links: linksOf(`/v2/payments/${kind}s/${id}`, `/v2/checkout/orders/${orderId}`),
    }
    things[kind].set(id, made)
    within(things.order.get(orderId), `${kind}s`, made)
    return made
  }

  #settle(capture: Resource): void {
    const { emit, report, at } = this.#world
    const { currency_code: currency } = capture.amount as Amount
    const gross = minorOf(capture.amount)
    const fee = feeOf(gross, currency)
    Object.assign(capture, {
      status: 'COMPLETED',
      seller_receivable_breakdown: {
        gross_amount: capture.amount,
        paypal_fee: moneyOf(fee, currency),
        net_amount: moneyOf(gross - fee, currency),
      },
      update_time: at(),
    })
    delete capture.status_details
    report(capture.id, 'T0006', capture.amount, {
      fee_amount: moneyOf(-fee, currency),
      ...(capture.invoice_id && { invoice_id: capture.invoice_id }),
    })
    emit('PAYMENT.CAPTURE.COMPLETED', capture)
  }
}

function unitOf({ amountMinor, currency = 'USD', number, items = [] }: Purchase): Resource {
  const itemTotal = items.reduce((sum, item) => sum + item.unitMinor * BigInt(item.quantity), 0n)
  const breakdown = {
    item_total: moneyOf(itemTotal, currency),
    shipping: moneyOf(amountMinor - itemTotal, currency),
  }
  const lines = items.map(({ sku, name = sku, quantity, unitMinor }) => ({
    name,
    sku,
    unit_amount: moneyOf(unitMinor, currency),
    quantity: String(quantity),
    category: 'PHYSICAL_GOODS',
  }))
  return {
    reference_id: 'default',
    amount: { ...moneyOf(amountMinor, currency), ...(lines.length > 0 && { breakdown }) },
    ...(number !== undefined && { invoice_id: number, custom_id: number }),
    ...(lines.length > 0 && { items: lines }),
    shipping,
    payments: {},
  }
}

const shipping = {
  name: { full_name: 'Ada Example' },
  address: {
    address_line_1: '1 Test Street',
    admin_area_2: 'Testville',
    admin_area_1: 'KY',
    postal_code: '40202',
    country_code: 'US',
  },
}

function feeOf(amountMinor: bigint, currency: string): bigint {
  return (amountMinor * 349n) / 10_000n + (exponentOf(currency) === 0 ? 40n : 49n)
}
