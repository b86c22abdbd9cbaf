import { linksOf, minorOf, moneyOf, type Resource, within } from './shapes.ts'
import type { PaypalWorld } from './world.ts'

/** What happens to money that was taken: refunds, reversals and cases. */
export class After {
  readonly #world: PaypalWorld

  constructor(world: PaypalWorld) {
    this.#world = world
  }

  /** Gives part of a capture back, or all of it; `pending` says why not at once. */
  refund(captureId: string, amountMinor?: bigint, options: { pending?: string } = {}): Resource {
    const { things, need, emit } = this.#world
    const made = this.#givenBack(captureId, amountMinor, 'PENDING')
    const orderId = need('capture', captureId).supplementary_data.related_ids.order_id
    within(things.order.get(orderId), 'refunds', made)
    if (options.pending === undefined) this.#settle(made, captureId)
    else {
      made.status_details = { reason: options.pending }
      emit('PAYMENT.REFUND.PENDING', made)
    }
    return made
  }

  settleRefund(id: string, captureId: string): void {
    this.#settle(this.#world.need('refund', id), captureId)
  }

  refundFails(refundId: string): void {
    const { need, emit, at } = this.#world
    emit(
      'PAYMENT.REFUND.FAILED',
      Object.assign(need('refund', refundId), { status: 'FAILED', update_time: at() }),
    )
  }

  /** PayPal takes the money of a capture back. */
  reverse(captureId: string): Resource {
    const { emit, report } = this.#world
    const made = this.#givenBack(captureId, undefined, 'COMPLETED')
    report(made.id, 'T1106', moneyOf(-minorOf(made.amount), made.amount.currency_code), {
      paypal_reference_id: captureId,
      paypal_reference_id_type: 'TXN',
    })
    emit('PAYMENT.CAPTURE.REVERSED', made)
    return made
  }

  dispute(captureId: string, stage = 'INQUIRY'): Resource {
    const { things, need, newId, emit, now } = this.#world
    const capture = need('capture', captureId)
    const id = `PP-D-${newId(5)}`
    const made: Resource = {
      dispute_id: id,
      create_time: now().toISOString(),
      update_time: now().toISOString(),
      disputed_transactions: [
        {
          seller_transaction_id: captureId,
          ...(capture.invoice_id && { invoice_number: capture.invoice_id }),
        },
      ],
      reason: 'MERCHANDISE_OR_SERVICE_NOT_RECEIVED',
      status: stage === 'INQUIRY' ? 'OPEN' : 'WAITING_FOR_SELLER_RESPONSE',
      dispute_amount: capture.amount,
      dispute_life_cycle_stage: stage,
      dispute_channel: 'INTERNAL',
      seller_response_due_date: new Date(now().getTime() + 10 * 86_400_000).toISOString(),
      links: linksOf(`/v1/customer/disputes/${id}`),
    }
    things.dispute.set(id, made)
    emit('CUSTOMER.DISPUTE.CREATED', made)
    return made
  }

  escalate(disputeId: string, stage = 'CHARGEBACK'): void {
    const { need, emit, now } = this.#world
    emit(
      'CUSTOMER.DISPUTE.UPDATED',
      Object.assign(need('dispute', disputeId), {
        dispute_life_cycle_stage: stage,
        status: 'UNDER_REVIEW',
        update_time: now().toISOString(),
      }),
    )
  }

  resolve(disputeId: string, outcome: string): void {
    const { need, emit, now } = this.#world
    emit(
      'CUSTOMER.DISPUTE.RESOLVED',
      Object.assign(need('dispute', disputeId), {
        status: 'RESOLVED',
        dispute_outcome: { outcome_code: outcome },
        update_time: now().toISOString(),
      }),
    )
  }

  #givenBack(captureId: string, amountMinor: bigint | undefined, status: string): Resource {
    const { things, need, newId, at } = this.#world
    const capture = need('capture', captureId)
    const { currency_code: currency } = capture.amount
    const amount = moneyOf(amountMinor ?? minorOf(capture.amount), currency)
    const id = newId()
    const made: Resource = {
      id,
      status,
      amount,
      ...(capture.invoice_id && { invoice_id: capture.invoice_id, custom_id: capture.custom_id }),
      create_time: at(),
      update_time: at(),
      links: linksOf(`/v2/payments/refunds/${id}`, `/v2/payments/captures/${captureId}`),
    }
    things.refund.set(id, made)
    return made
  }

  #settle(refund: Resource, captureId: string): void {
    const { need, emit, report, at } = this.#world
    const capture = need('capture', captureId)
    const { currency_code: currency } = refund.amount
    const total = minorOf(refund.amount) + (capture.refunded_so_far ?? 0n)
    Object.defineProperty(capture, 'refunded_so_far', {
      value: total,
      writable: true,
      configurable: true,
      enumerable: false,
    })
    Object.assign(capture, {
      status: total >= minorOf(capture.amount) ? 'REFUNDED' : 'PARTIALLY_REFUNDED',
      update_time: at(),
    })
    const nothing = moneyOf(0n, currency)
    Object.assign(refund, {
      status: 'COMPLETED',
      seller_payable_breakdown: {
        gross_amount: refund.amount,
        paypal_fee: nothing,
        net_amount: refund.amount,
        total_refunded_amount: moneyOf(total, currency),
      },
    })
    report(refund.id, 'T1107', moneyOf(-minorOf(refund.amount), currency), {
      paypal_reference_id: captureId,
      paypal_reference_id_type: 'TXN',
    })
    emit('PAYMENT.CAPTURE.REFUNDED', refund)
  }
}
