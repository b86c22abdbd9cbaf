import type { World } from '../world.ts'
import type { Charge, Fields, Resource } from '../types.ts'
import { invalid } from './errors.ts'
import { refundsOf } from './lists.ts'

/** Ids that stand on an object only once there is something to name: asking to expand them is right all the same. */
const absent = new Set(['refund.failure_balance_transaction'])

/** Deeper paths are refused, as at Stripe. */
const depthMax = 4

/**
 * The object with the named ids replaced by what they name (`latest_charge.balance_transaction`, `data.customer`), and
 * with the lists that Stripe only gives when asked (`line_items`, `refunds`, `payments`). The store is not touched.
 */
export function expand(answer: Fields, paths: readonly string[], world: World): Fields {
  if (paths.length === 0) return answer
  const copy = structuredClone(answer)
  for (const path of paths) {
    const parts = path.split('.')
    if (parts.length > depthMax) {
      throw invalid(`You cannot expand more than ${depthMax} levels of a property`, { param: 'expand' })
    }
    expandOne(copy, parts, world)
  }
  return copy
}

function expandOne(target: Fields, [head = '', ...rest]: readonly string[], world: World): void {
  if (target[head] === undefined) addList(target, head, world)
  const value = target[head]
  if (value === undefined && absent.has(`${target.object}.${head}`)) return
  if (value === undefined) {
    throw invalid(`This property cannot be expanded (${head}).`, { param: 'expand' })
  }
  if (Array.isArray(value)) {
    for (const each of value) if (rest.length > 0) expandOne(each as Fields, rest, world)
    return
  }
  if (typeof value === 'string') {
    const named = world.get(value)
    if (named !== undefined) target[head] = structuredClone(named)
  }
  const next = target[head]
  if (rest.length > 0 && typeof next === 'object' && next !== null) expandOne(next as Fields, rest, world)
}

function addList(target: Fields, name: string, world: World): void {
  const id = String(target.id)
  const data = contents(target, name, world)
  if (data === undefined) return
  const path =
    target.object === 'checkout.session' ? `/v1/checkout/sessions/${id}` : `/v1/${target.object}s/${id}`
  target[name] = { object: 'list', data: structuredClone(data), has_more: false, url: `${path}/${name}` }
}

function contents(target: Fields, name: string, world: World): Resource[] | undefined {
  if (name === 'line_items' && target.object === 'checkout.session') {
    return world.sessionLines.get(String(target.id)) ?? []
  }
  if (name === 'refunds' && target.object === 'charge') return refundsOf(world.ground.store, target as Charge)
  if (name === 'payments' && target.object === 'invoice') {
    return world.all('invoice_payment').filter((payment) => payment.invoice === target.id)
  }
  return undefined
}
