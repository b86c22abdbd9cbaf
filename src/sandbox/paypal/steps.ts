import { exponentOf, parseDecimal } from '../../core/money.ts'
import { linksOf, type Resource, type Amount } from './shapes.ts'
import type { PaypalWorld, Purchase } from './world.ts'

export type Steps = ReturnType<typeof createSteps>

const minorOf = ({ value, currency_code }: Amount): bigint => parseDecimal(value, currency_code)!

/** What can happen in the account: each step changes it, and sends the events that PayPal would send. */
export function createSteps(world: PaypalWorld) {
  const { things, money, need, newId, emit, report, at } = world
  const feeOf = (amountMinor: bigint, currency: string) =>
    (amountMinor * 349n) / 10_000n + (exponentOf(currency) === 0 ? 40n : 49n)

  /** An order that a payer has approved. Approved is not paid. */
  function order(purchase: Purchase): Resource {
    const {
      amountMinor,
      currency = 'USD',
      number,
      items = [],
      intent = 'CAPTURE',
      email = 'buyer@example.com',
    } = purchase
    const id = newId()
    const names = number === undefined ? {} : { invoice_id: number, custom_id: number }
    const lines = items.map(({ sku, name = sku, quantity, unitMinor }) => ({
      name,
      sku,
      unit_amount: money(unitMinor, currency),
      quantity: String(quantity),
      category: 'PHYSICAL_GOODS',
    }))
    const itemTotal = items.reduce((sum, item) => sum + item.unitMinor * BigInt(item.quantity), 0n)
    const breakdown =
      items.length === 0
        ? {}
        : {
            breakdown: {
              item_total: money(itemTotal, currency),
              shipping: money(amountMinor - itemTotal, currency),
            },
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
    const made: Resource = {
      id,
      intent,
      status: 'APPROVED',
      purchase_units: [
        {
          reference_id: 'default',
          amount: { ...money(amountMinor, currency), ...breakdown },
          ...names,
          ...(lines.length > 0 && { items: lines }),
          shipping,
          payments: {},
        },
      ],
      payer: {
        name: { given_name: 'Ada', surname: 'Example' },
        email_address: email,
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

  function within(orderId: string, key: 'captures' | 'authorizations' | 'refunds', resource: Resource): void {
    const payments = things.order.get(orderId)?.purchase_units[0].payments
    if (payments !== undefined) payments[key] = [...(payments[key] ?? []), resource]
  }

  function payment(
    kind: 'capture' | 'authorization',
    orderId: string,
    amount: Amount,
    more: Resource,
  ): Resource {
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
    within(orderId, `${kind}s`, made)
    return made
  }

  function settle(capture: Resource): void {
    const { currency_code: currency } = capture.amount as Amount
    const gross = minorOf(capture.amount)
    const fee = feeOf(gross, currency)
    Object.assign(capture, {
      status: 'COMPLETED',
      seller_receivable_breakdown: {
        gross_amount: capture.amount,
        paypal_fee: money(fee, currency),
        net_amount: money(gross - fee, currency),
      },
      update_time: at(),
    })
    delete capture.status_details
    report(capture.id, 'T0006', capture.amount, {
      fee_amount: money(-fee, currency),
      ...(capture.invoice_id && { invoice_id: capture.invoice_id }),
    })
    emit('PAYMENT.CAPTURE.COMPLETED', capture)
  }

  /** Takes what was approved, or part of it. `pending` says why it is not settled yet. */
  function capture(
    orderId: string,
    options: { amountMinor?: bigint; pending?: string; authorizationId?: string; isFinal?: boolean } = {},
  ): Resource {
    const total = need('order', orderId).purchase_units[0].amount as Amount
    const amount =
      options.amountMinor === undefined
        ? { currency_code: total.currency_code, value: total.value }
        : money(options.amountMinor, total.currency_code)
    const made = payment('capture', orderId, amount, { authorization_id: options.authorizationId })
    Object.assign(made, { status: 'PENDING', final_capture: options.isFinal ?? true })
    if (options.authorizationId !== undefined)
      Object.assign(need('authorization', options.authorizationId), {
        status: made.final_capture ? 'CAPTURED' : 'PARTIALLY_CAPTURED',
        update_time: at(),
      })
    if (options.pending === undefined) settle(made)
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
  function pay(purchase: Purchase): { order: Resource; capture: Resource } {
    const made = order(purchase)
    return { order: made, capture: capture(made.id) }
  }

  function complete(captureId: string): void {
    settle(need('capture', captureId))
  }

  function decline(captureId: string, type: 'DENIED' | 'DECLINED' = 'DENIED'): void {
    emit(
      `PAYMENT.CAPTURE.${type}`,
      Object.assign(need('capture', captureId), { status: 'DECLINED', update_time: at() }),
    )
  }

  function authorize(orderId: string): Resource {
    const { currency_code, value } = need('order', orderId).purchase_units[0].amount
    const made = payment('authorization', orderId, { currency_code, value }, {})
    emit('PAYMENT.AUTHORIZATION.CREATED', Object.assign(made, { status: 'CREATED' }))
    return made
  }

  function release(authorizationId: string): void {
    emit(
      'PAYMENT.AUTHORIZATION.VOIDED',
      Object.assign(need('authorization', authorizationId), { status: 'VOIDED', update_time: at() }),
    )
  }

  return { order, capture, pay, complete, decline, authorize, release, within, minorOf }
}
