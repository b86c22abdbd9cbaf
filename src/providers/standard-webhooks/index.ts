import { ApiError, type Provider } from '../provider.ts'
import { check } from './check.ts'
import { normalize } from './normalize.ts'
import { verify } from './verify.ts'

/**
 * Any sender of Standard Webhooks. A warehouse's callbacks become shipments of our orders; everything else is kept, and
 * goes on to the endpoints that forward this connection. Nobody can be asked: what is not told is not known.
 */
export const standardWebhooks: Provider = {
  name: 'standard-webhooks',
  secretHeaders: ['webhook-signature', 'svix-signature'],
  verify,
  normalize,
  read: () => Promise.reject(new ApiError('refused', 'a sender of Standard Webhooks cannot be asked')),
  list: async function* nothing() {},
  lists: [],
  keeps: [],
  subscription: {
    inspect: () => Promise.resolve(unseen),
    ensure: () => Promise.resolve(unseen),
  },
  check,
}

const unseen = { status: 'unknown', detail: 'the sender keeps its own subscription' } as const
