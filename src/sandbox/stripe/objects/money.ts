import type {
  BalanceTransaction,
  Charge,
  Dispute,
  FeeDetail,
  Payout,
  Refund,
  RefundStatus,
} from '../types.ts'
import type { Making } from './payment.ts'

/** One immutable line of the balance. `net` is computed, so that no line can contradict itself. */
export function makeBalanceTransaction(
  making: Making,
  given: {
    readonly type: string
    readonly category: string
    readonly source: string
    readonly amount: number
    readonly currency: string
    readonly exchangeRate?: number | null
    readonly fees?: readonly {
      readonly amount: number
      readonly description: string
      readonly type: string
    }[]
    readonly description?: string | null
  },
): BalanceTransaction {
  const fees: FeeDetail[] = (given.fees ?? []).map((fee) => ({
    amount: fee.amount,
    application: null,
    currency: given.currency,
    description: fee.description,
    type: fee.type,
  }))
  const fee = fees.reduce((sum, detail) => sum + detail.amount, 0)
  return {
    id: making.id,
    object: 'balance_transaction',
    amount: given.amount,
    available_on: making.created + 2 * 86_400,
    balance_type: 'payments',
    created: making.created,
    currency: given.currency,
    description: given.description ?? null,
    exchange_rate: given.exchangeRate ?? null,
    fee,
    fee_details: fees,
    net: given.amount - fee,
    reporting_category: given.category,
    source: given.source,
    status: 'pending',
    type: given.type,
  }
}

export function makeRefund(
  making: Making,
  given: {
    readonly charge: Charge
    readonly amount: number
    readonly status: RefundStatus
    readonly reason: string | null
    readonly metadata: { readonly [key: string]: string }
  },
): Refund {
  return {
    id: making.id,
    object: 'refund',
    amount: given.amount,
    balance_transaction: null,
    charge: given.charge.id,
    created: making.created,
    currency: given.charge.currency,
    customer: given.charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference: null, reference_status: 'pending', reference_type: null, type: 'refund' },
      type: 'card',
    },
    metadata: { ...given.metadata },
    payment_intent: given.charge.payment_intent,
    payment_method: null,
    reason: given.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: given.status,
    transfer_reversal: null,
  }
}

const evidenceFields = (
  'access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal ' +
  'customer_communication customer_email_address customer_name customer_purchase_ip customer_signature ' +
  'duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt ' +
  'refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation ' +
  'shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number ' +
  'uncategorized_file uncategorized_text'
).split(' ')

export function makeDispute(
  making: Making,
  given: {
    readonly charge: Charge
    readonly amount: number
    readonly status: string
    readonly reason: string
    readonly dueBy: number
  },
): Dispute {
  return {
    id: making.id,
    object: 'dispute',
    amount: given.amount,
    balance_transactions: [],
    charge: given.charge.id,
    created: making.created,
    currency: given.charge.currency,
    enhanced_eligibility_types: [],
    evidence: { ...Object.fromEntries(evidenceFields.map((field) => [field, null])), enhanced_evidence: {} },
    evidence_details: {
      due_by: given.dueBy,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    is_charge_refundable: given.status.startsWith('warning_'),
    livemode: making.livemode,
    metadata: {},
    payment_intent: given.charge.payment_intent,
    payment_method_details: {
      card: {
        brand: 'visa',
        case_type: given.status.startsWith('warning_') ? 'inquiry' : 'chargeback',
        network: 'visa',
        network_reason_code: '10.4',
      },
      type: 'card',
    },
    reason: given.reason,
    status: given.status,
  }
}

export function makePayout(
  making: Making,
  given: {
    readonly amount: number
    readonly currency: string
    readonly automatic: boolean
    readonly arrival: number
  },
): Payout {
  return {
    id: making.id,
    object: 'payout',
    amount: given.amount,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: given.arrival,
    automatic: given.automatic,
    balance_transaction: null,
    created: making.created,
    currency: given.currency,
    description: given.automatic ? 'STRIPE PAYOUT' : null,
    destination: 'ba_3Ttwinbank',
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: making.livemode,
    metadata: {},
    method: 'standard',
    original_payout: null,
    payout_method: null,
    reconciliation_status: given.automatic ? 'in_progress' : 'not_applicable',
    reversed_by: null,
    source_type: 'card',
    statement_descriptor: null,
    status: 'pending',
    trace_id: { status: 'pending', value: null },
    type: 'bank_account',
  }
}
