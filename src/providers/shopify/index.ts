import type { Provider } from '../provider.ts'
import { check } from './check.ts'
import { list, lists } from './list.ts'
import { normalize } from './normalize.ts'
import { read } from './read.ts'
import { ensure, inspect } from './subscription.ts'
import { verify } from './verify.ts'
import { stock, tracking } from './write.ts'

/** Shopify: orders with all that belongs to them, by webhook and by GraphQL; goods and stock written back. */
export const shopify: Provider = {
  name: 'shopify',
  secretHeaders: ['x-shopify-hmac-sha256', 'shopify-hmac-sha256'],
  verify,
  normalize,
  read,
  list,
  lists,
  keeps: ['order', 'dispute'], // an order holds its parcels, payments and refunds
  subscription: { inspect, ensure, mends: ['absent', 'wrong_topics'] },
  write: { tracking, stock },
  check,
}
