import type { Provider } from '../provider.ts'
import { check } from './check.ts'
import { list, lists } from './list.ts'
import { normalize } from './normalize.ts'
import { read } from './read.ts'
import { ensure, inspect } from './subscription.ts'
import { verify } from './verify.ts'
import { tracking } from './write.ts'

/** PayPal: weakly signed hints, each re-read as an order, authorization, capture, refund, reversal or dispute. */
export const paypal: Provider = {
  name: 'paypal',
  secretHeaders: ['paypal-transmission-sig'],
  verify,
  normalize,
  read,
  list,
  lists,
  keeps: ['capture', 'refund', 'dispute'], // orders are gone some time after they were captured
  subscription: { inspect, ensure },
  write: { tracking },
  check,
}
