import * as z from 'zod'
import { MoneyShape, Time } from './schemas.ts'

const Money = MoneyShape.nullable()
const Totals = z.object({
  ordered: Money.meta({ description: "The shop's total before returns and after edits" }),
  authorized: Money.meta({ description: 'What may still be captured now' }),
  captured: Money,
  refunded: Money.meta({ description: 'What has gone or is going back' }),
  returned: Money.meta({ description: "What the payer's bank took back without a dispute" }),
  disputed: Money.meta({ description: 'What is withdrawn now' }),
  fees: Money,
  net: Money.meta({ description: 'captured − refunded − returned − disputed − fees' }),
})

/** A review as `order-view` makes it, of an order or of a payout. */
export const ReviewShape = z.object({
  code: z.string(),
  detail: z.string(),
  holds: z.boolean(),
  since: Time,
  due_at: Time.nullable(),
  refs: z.array(z.object({ kind: z.string(), id: z.string() })),
})

/** An order as `order-view` makes it. */
export const OrderShape = z
  .object({
    id: z.string(),
    number: z.string().nullable().meta({ description: 'The best reference known so far' }),
    connection: z.string(),
    mode: z.enum(['test', 'live']),
    kind: z.enum(['sale', 'renewal', 'invoice']),
    status: z.enum(['open', 'closed', 'cancelled']),
    payment_status: z.enum([
      'pending',
      'authorized',
      'partially_paid',
      'paid',
      'partially_refunded',
      'refunded',
      'voided',
      'failed',
    ]),
    pending_reason: z.string().nullable(),
    dispute_status: z.enum(['none', 'inquiry', 'open', 'won', 'lost']),
    fulfillment_status: z.enum(['unfulfilled', 'requested', 'partially_fulfilled', 'fulfilled', 'cancelled']),
    needs_review: z.array(ReviewShape),
    currency: z.string().nullable(),
    presentment: z
      .object({ currency: z.string(), ordered: MoneyShape, captured: MoneyShape, refunded: MoneyShape })
      .nullable()
      .meta({ description: 'In the currency that the buyer saw, where it is another' }),
    totals: Totals,
    line_items: z.array(
      z.object({
        sku: z.string().nullable(),
        title: z.string().nullable(),
        quantity: z.number().int(),
        unit_price: Money,
        fulfilled_quantity: z.number().int(),
        refunded_quantity: z.number().int(),
      }),
    ),
    customer: z.object({ email: z.string().nullable(), name: z.string().nullable() }).nullable(),
    references: z.array(z.object({ connection: z.string(), kind: z.string(), id: z.string() })),
    shipments: z.array(
      z.object({
        id: z.string(),
        status: z.string(),
        carrier: z.string().nullable(),
        number: z.string().nullable(),
        url: z.string().nullable(),
      }),
    ),
    returns: z.array(z.object({ id: z.string(), status: z.string() })),
    tenders: z.array(z.object({ tender: z.string(), id: z.string(), amount: MoneyShape })),
    refunds: z.array(
      z.object({ id: z.string(), status: z.string(), amount: MoneyShape, reason: z.string().nullable() }),
    ),
    disputes: z.array(
      z.object({
        id: z.string(),
        status: z.string(),
        amount: MoneyShape,
        reason: z.string(),
        due_by: Time.nullable(),
      }),
    ),
    tags: z.array(z.string()).meta({ description: "The shop's own labels" }),
    settlement: z.array(z.object({ amount: MoneyShape, fee: MoneyShape, net: MoneyShape })),
    placed_at: Time.nullable(),
    updated_at: Time,
    version: z.number().int().meta({ description: 'Distinct facts that providers and operators asserted' }),
    as_of: Time.optional().meta({
      description: 'The time that the answer stands for, where one was asked for',
    }),
  })
  .meta({ id: 'Order' })
