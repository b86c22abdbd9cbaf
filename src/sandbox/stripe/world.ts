import { makeCustomer } from './objects/account.ts'
import type {
  Buyer,
  Charge,
  Dispute,
  Event,
  Invoice,
  PaymentIntent,
  Payout,
  Refund,
  Resource,
  Session,
} from './types.ts'
import * as after from './world/after.ts'
import { settle } from './world/balance.ts'
import * as checkout from './world/checkout.ts'
import { createGround, type Ground, type WorldOptions } from './world/ground.ts'
import * as invoices from './world/invoice.ts'
import * as payments from './world/pay.ts'
import * as payouts from './world/payout.ts'

export type { WorldOptions } from './world/ground.ts'

/** How a purchase goes. `checkout` is the default where there are items, else a bare intent. */
export type Purchase = payments.PaymentRequest & {
  readonly via?: 'checkout' | 'intent'
  /** Attempts that are declined before the one that pays. */
  readonly declines?: number
  readonly discount?: number
  readonly shipping?: number
  readonly tax?: number
  /** `later`: the fee is not known until `settle` is called. Default `now`, by `charge.updated` after the rest. */
  readonly fee?: 'now' | 'later'
}

export type Paid = { readonly intent: PaymentIntent; readonly charge: Charge; readonly session?: Session }
type Id = string | { readonly id: string }

/**
 * A Stripe account that never was: each step makes the objects and writes the events that Stripe would.
 *
 * Steps are synchronous and take objects or their ids. Amounts are Stripe's own minor units. The same seed, clock and
 * steps give the same objects, ids and events. A step that the account's state does not allow throws.
 */
export type World = ReturnType<typeof createWorld>

export function createWorld(options: WorldOptions) {
  const ground = createGround(options)
  const sessionLines: checkout.SessionLines = new Map()
  const payoutLines: payouts.PayoutLines = new Map()
  return {
    ...basics(ground, sessionLines, payoutLines),
    ...paying(ground, sessionLines),
    ...debiting(ground, sessionLines),
    ...afterwards(ground),
    ...billing(ground),
    ...payingOut(ground, payoutLines),
  }
}

const idOf = (id: Id) => (typeof id === 'string' ? id : id.id)

function basics(ground: Ground, sessionLines: checkout.SessionLines, payoutLines: payouts.PayoutLines) {
  return {
    /** The parts below, for the API and for scripts that need a state no step makes. */
    ground,
    sessionLines,
    payoutLines,
    onEvent: ground.onEvent,
    /** Every event so far, oldest first: the truth to compare with. */
    events: () => ground.store.all<Event>('event'),
    all: <R extends Resource>(object: string) => ground.store.all<R>(object),
    get: <R extends Resource>(id: string) => ground.store.get<R>(id),
    customer(buyer: Buyer): Resource {
      const customer = ground.save(makeCustomer(ground.making('cus'), buyer))
      ground.emit('customer.created', customer)
      return customer
    },
    /** What the account holds: the sum of all lines, payouts' own included. */
    balance: (currency = ground.settlementCurrency) =>
      ground.store
        .all<Resource & { net: number; currency: string }>('balance_transaction')
        .filter((line) => line.currency === currency)
        .reduce((sum, line) => sum + line.net, 0),
  }
}

function paying(ground: Ground, sessionLines: checkout.SessionLines) {
  const intentOf = intentFinder(ground)
  return {
    /** One purchase from intent to money. */
    pay(purchase: Purchase): Paid {
      const { via = purchase.items === undefined ? 'intent' : 'checkout', fee = 'now' } = purchase
      const paid =
        via === 'checkout' ? throughCheckout(ground, sessionLines, purchase) : byIntent(ground, purchase)
      if (fee === 'now' && paid.charge.captured) settle(ground, paid.charge, paid.charge.amount_captured)
      return paid
    },
    /** An authorization to be captured by `capture`, or voided by `cancel` or `expire`. */
    authorize(purchase: Purchase): Paid {
      return this.pay({ ...purchase, capture: 'manual' })
    },
    /** Captures all, or `amount`; `isFinal: false` leaves the rest capturable (multicapture). */
    capture(id: Id, how: { amount?: number; isFinal?: boolean; fee?: 'now' | 'later' } = {}): Charge {
      const intent = intentOf(id)
      const amount = how.amount ?? intent.amount_capturable
      const charge = payments.capture(ground, intent, { amount, isFinal: how.isFinal ?? true })
      if (how.fee !== 'later') settle(ground, charge, amount)
      return charge
    },
    /** An intent whose only attempt is declined. */
    fail(purchase: Purchase): Paid {
      const intent = payments.createIntent(ground, purchase)
      return { intent, charge: payments.decline(ground, intent, purchase) }
    },
    /** An intent that waits for the buyer's bank; `retry` lets it pay. */
    requireAction: (purchase: Purchase) =>
      payments.requireAction(ground, payments.createIntent(ground, purchase)),
    /** An authorization that is raised to `amount`. */
    increment: (id: Id, amount: number) => payments.increment(ground, intentOf(id), amount),
    /** Another attempt on an intent: it pays. */
    retry(id: Id, attempt: payments.Attempt = {}): Charge {
      const charge = payments.succeed(ground, intentOf(id), attempt)
      settle(ground, charge, charge.amount)
      return charge
    },
    cancel: (id: Id, reason?: string) => after.cancel(ground, intentOf(id), reason),
    expire: (id: Id) => after.expire(ground, intentOf(id)),
    /** The fee of a charge that was paid with `fee: 'later'`. */
    settle(id: Id) {
      const charge = ground.need<Charge>(idOf(id))
      return settle(ground, charge, charge.amount_captured)
    },
    /** A cart that nobody has paid yet; end it with `complete` or `abandon`. */
    openCheckout: (cart: checkout.Cart) => checkout.openSession(ground, sessionLines, cart),
    complete: (id: Id, cart: checkout.Cart) =>
      checkout.completeSession(ground, ground.need<Session>(idOf(id)), cart),
    abandon: (id: Id) => checkout.expireSession(ground, ground.need<Session>(idOf(id))),
  }
}

/** By the intent's own id, or by a charge of it. */
function intentFinder(ground: Ground): (id: Id) => PaymentIntent {
  return (id) => {
    const found = ground.need<Resource>(idOf(id))
    const intentId = found.object === 'charge' ? (found as Charge).payment_intent : found.id
    return ground.need<PaymentIntent>(intentId ?? '')
  }
}

function debiting(ground: Ground, sessionLines: checkout.SessionLines) {
  const intentOf = intentFinder(ground)
  return {
    /** A bank debit under way: see `clear`, `bounce`, and `failLate` after it had cleared. */
    startDebit(purchase: Purchase): Paid {
      const method = purchase.method ?? 'us_bank_account'
      const debit = { ...purchase, method }
      if (purchase.items === undefined || purchase.via === 'intent') {
        const intent = payments.createIntent(ground, debit)
        return { intent, charge: payments.process(ground, intent, debit) }
      }
      const cart = { ...debit, items: purchase.items }
      const session = checkout.openSession(ground, sessionLines, cart)
      return completed(checkout.completeSession(ground, session, cart, { isAsync: true }))
    },
    clear(id: Id): Charge {
      const charge = payments.clear(ground, intentOf(id))
      tellSession(ground, charge, 'succeeded')
      return charge
    },
    bounce(id: Id): Charge {
      const charge = payments.bounce(ground, intentOf(id))
      tellSession(ground, charge, 'failed')
      return charge
    },
  }
}

function throughCheckout(ground: Ground, lines: checkout.SessionLines, purchase: Purchase): Paid {
  const cart = {
    ...purchase,
    items: purchase.items ?? [{ sku: 'ITEM', quantity: 1, unitAmount: purchase.amount }],
  }
  const session = checkout.openSession(ground, lines, cart)
  if (session.amount_total !== purchase.amount) {
    throw new Error(`the cart comes to ${session.amount_total}, not to ${purchase.amount}`)
  }
  return completed(checkout.completeSession(ground, session, cart))
}

function completed({ session, intent, charge }: checkout.Completed): Paid {
  if (intent === undefined || charge === undefined)
    throw new Error('nothing to pay: use openCheckout and complete')
  return { session, intent, charge }
}

function byIntent(ground: Ground, purchase: Purchase): Paid {
  const intent = payments.createIntent(ground, purchase)
  for (let declined = 0; declined < (purchase.declines ?? 0); declined++)
    payments.decline(ground, intent, purchase)
  const pay = purchase.capture === 'manual' ? payments.authorize : payments.succeed
  return { intent, charge: pay(ground, intent, purchase) }
}

function tellSession(ground: Ground, charge: Charge, as: 'succeeded' | 'failed'): void {
  const session = ground.store
    .all<Session>('checkout.session')
    .find((each) => each.payment_intent === charge.payment_intent)
  if (session !== undefined) checkout.settleSession(ground, session, as)
}

function afterwards(ground: Ground) {
  const charge = (id: Id) => ground.need<Charge>(idOf(id))
  const refund = (id: Id) => ground.need<Refund>(idOf(id))
  const dispute = (id: Id) => ground.need<Dispute>(idOf(id))
  return {
    failLate: (id: Id) => after.failLate(ground, charge(id)),
    refund: (id: Id, how?: Parameters<typeof after.refund>[2]) => after.refund(ground, charge(id), how),
    refundSucceeds: (id: Id) => after.refundSucceeds(ground, refund(id)),
    refundFails: (id: Id, reason?: string) => after.refundFails(ground, refund(id), reason),
    refundCanceled: (id: Id) => after.refundCanceled(ground, refund(id)),
    dispute: (id: Id, how?: Parameters<typeof after.dispute>[2]) => after.dispute(ground, charge(id), how),
    escalate: (id: Id) => after.escalate(ground, dispute(id)),
    respond: (id: Id) => after.respond(ground, dispute(id)),
    closeDispute: (id: Id, as: 'won' | 'lost' | 'warning_closed' | 'prevented') =>
      after.closeDispute(ground, dispute(id), as),
    warnOfFraud: (id: Id) => after.warnOfFraud(ground, charge(id)),
  }
}

function billing(ground: Ground) {
  const invoice = (id: Id) => ground.need<Invoice>(idOf(id))
  return {
    /** An open invoice with a number; nothing is charged yet. */
    bill: (given: invoices.Billing) => invoices.bill(ground, given),
    payInvoice: (id: Id, how?: { outcome?: 'paid' | 'failed' }) =>
      invoices.payInvoice(ground, invoice(id), how),
    payOutOfBand: (id: Id) => invoices.payOutOfBand(ground, invoice(id)),
    closeInvoice: (id: Id, as: 'void' | 'uncollectible') => invoices.closeInvoice(ground, invoice(id), as),
    /** An id for a subscription; the twin keeps no subscription objects. */
    subscription: () => ground.making('sub').id,
  }
}

function payingOut(ground: Ground, lines: payouts.PayoutLines) {
  const payout = (id: Id) => ground.need<Payout>(idOf(id))
  return {
    /** Leaves for the bank; `payoutArrives` makes it paid. */
    payout: (how?: { amount?: number; currency?: string }) => payouts.pay(ground, lines, how),
    payoutArrives: (id: Id) => payouts.arrive(ground, payout(id)),
    payoutFails: (id: Id) => payouts.failPayout(ground, payout(id)),
    payoutCanceled: (id: Id) => payouts.cancelPayout(ground, payout(id)),
  }
}
