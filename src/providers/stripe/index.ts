import type { Provider } from '../provider.ts'
import { normalize } from './normalize.ts'
import { verify } from './verify.ts'

/** Stripe: signed snapshots of charges, intents, refunds, sessions, invoices, disputes and payouts. */
export const stripe: Provider = {
  name: 'stripe',
  secretHeaders: ['stripe-signature'],
  verify,
  normalize,
  read: () => Promise.reject(new Error('not yet')),
  async *list() {},
  lists: [],
  subscription: {
    inspect: async () => ({ status: 'unknown', detail: 'not yet' }),
    ensure: async () => ({ status: 'unknown', detail: 'not yet' }),
  },
  check: () => [],
}
