import { linksOf, type Resource } from './shapes.ts'
import type { Steps } from './steps.ts'
import type { PaypalWorld } from './world.ts'

/** What happens to money that was taken: refunds, reversals and cases. */
export function createAfter(world: PaypalWorld, { within, minorOf }: Steps) {
  const { things, money, need, newId, emit, report, at } = world

  function givenBack(captureId: string, amountMinor: bigint | undefined, status: string): Resource {
    const capture = need('capture', captureId)
    const { currency_code: currency } = capture.amount
    const amount = money(amountMinor ?? minorOf(capture.amount), currency)
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

  function settle(refund: Resource, captureId: string): void {
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
    const nothing = money(0n, currency)
    Object.assign(refund, {
      status: 'COMPLETED',
      seller_payable_breakdown: {
        gross_amount: refund.amount,
        paypal_fee: nothing,
        net_amount: refund.amount,
        total_refunded_amount: money(total, currency),
      },
    })
    report(refund.id, 'T1107', money(-minorOf(refund.amount), currency), {
      paypal_reference_id: captureId,
      paypal_reference_id_type: 'TXN',
    })
    emit('PAYMENT.CAPTURE.REFUNDED', refund)
  }

  /** Gives part of a capture back, or all of it; `pending` says why not at once. */
  function refund(captureId: string, amountMinor?: bigint, options: { pending?: string } = {}): Resource {
    const made = givenBack(captureId, amountMinor, 'PENDING')
    within(need('capture', captureId).supplementary_data.related_ids.order_id, 'refunds', made)
    if (options.pending === undefined) settle(made, captureId)
    else {
      made.status_details = { reason: options.pending }
      emit('PAYMENT.REFUND.PENDING', made)
    }
    return made
  }

  function refundFails(refundId: string): void {
    emit(
      'PAYMENT.REFUND.FAILED',
      Object.assign(need('refund', refundId), { status: 'FAILED', update_time: at() }),
    )
  }

  /** PayPal takes the money of a capture back. */
  function reverse(captureId: string): Resource {
    const made = givenBack(captureId, undefined, 'COMPLETED')
    report(made.id, 'T1106', money(-minorOf(made.amount), made.amount.currency_code), {
      paypal_reference_id: captureId,
      paypal_reference_id_type: 'TXN',
    })
    emit('PAYMENT.CAPTURE.REVERSED', made)
    return made
  }

  function dispute(captureId: string, stage = 'INQUIRY'): Resource {
    const capture = need('capture', captureId)
    const id = `PP-D-${newId(5)}`
    const made: Resource = {
      dispute_id: id,
      create_time: world.now().toISOString(),
      update_time: world.now().toISOString(),
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
      seller_response_due_date: new Date(world.now().getTime() + 10 * 86_400_000).toISOString(),
      links: linksOf(`/v1/customer/disputes/${id}`),
    }
    things.dispute.set(id, made)
    emit('CUSTOMER.DISPUTE.CREATED', made)
    return made
  }

  function escalate(disputeId: string, stage = 'CHARGEBACK'): void {
    emit(
      'CUSTOMER.DISPUTE.UPDATED',
      Object.assign(need('dispute', disputeId), {
        dispute_life_cycle_stage: stage,
        status: 'UNDER_REVIEW',
        update_time: world.now().toISOString(),
      }),
    )
  }

  function resolve(disputeId: string, outcome: string): void {
    emit(
      'CUSTOMER.DISPUTE.RESOLVED',
      Object.assign(need('dispute', disputeId), {
        status: 'RESOLVED',
        dispute_outcome: { outcome_code: outcome },
        update_time: world.now().toISOString(),
      }),
    )
  }

  return {
    refund,
    settleRefund: (id: string, captureId: string) => settle(need('refund', id), captureId),
    refundFails,
    reverse,
    dispute,
    escalate,
    resolve,
  }
}
