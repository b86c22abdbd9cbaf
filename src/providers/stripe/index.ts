import type { Provider } from '../provider.ts'
import { check } from './check.ts'
import { list, lists } from './list.ts'
import { normalize } from './normalize.ts'
import { read } from './read.ts'
import { ensure, inspect } from './subscription.ts'
import { verify } from './verify.ts'

/** Stripe: signed snapshots of charges, intents, refunds, sessions, invoices, disputes and payouts. */
export const stripe: Provider = {
  name: 'stripe',
  secretHeaders: ['stripe-signature'],
  verify,
  normalize,
  read,
  list,
  lists,
  keeps: ['payment_intent', 'charge', 'refund', 'dispute', 'payout', 'checkout_session'],
  subscription: { inspect, ensure },
  check,
}
