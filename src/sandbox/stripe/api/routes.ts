import type { Charge, Fields, Invoice, Resource } from '../types.ts'
import type { World } from '../world.ts'
import { missing, unknownUrl } from './errors.ts'
import { expand } from './expand.ts'
import type { Faults } from './faults.ts'
import { listOf, type Parameters } from './form.ts'
import { type Collection, collections, list, type ListAnswer, refundsOf, within } from './lists.ts'
import { writes } from './writes.ts'

export type Request = {
  readonly method: string
  readonly path: string
  readonly query: Parameters
  readonly body: Parameters
}

/** What Stripe would answer with 200, as an object; anything else is thrown as `StripeProblem`. */
export function answerTo({ world, faults }: { world: World; faults: Faults }, request: Request): Fields {
  const answer = request.method === 'GET' ? read(world, faults, request) : write(world, request)
  return expand(answer, listOf(request.method === 'GET' ? request.query : request.body, 'expand'), world)
}

function write(world: World, { method, path, body }: Request): Fields {
  const exact = writes.get(`${method} ${path}`)
  if (exact !== undefined) return exact(world, body, '')
  const match = /^(\/v1\/[a-z_]+(?:\/sessions)?)\/([A-Za-z0-9_]+)(\/[a-z]+)?$/.exec(path)
  const found = match === null ? undefined : writes.get(`${method} ${match[1]}/:id${match[3] ?? ''}`)
  if (found === undefined) throw unknownUrl(method, path)
  return found(world, body, match![2]!)
}

function read(world: World, faults: Faults, { path, query }: Request): Fields {
  if (path === '/v1/account')
    return { id: 'acct_3Ttwin', object: 'account', country: 'US', livemode: world.ground.livemode }
  if (path === '/v1/balance') return balance(world)
  const context = {
    store: world.ground.store,
    payoutLines: world.payoutLines,
    lagMs: faults.lagMs,
    omitted: faults.omitted,
  }
  for (const collection of collections) {
    if (path === collection.path) return list(collection, query, context)
    if (!path.startsWith(`${collection.path}/`)) continue
    const [id = '', part, ...more] = path.slice(collection.path.length + 1).split('/')
    if (more.length > 0) break
    const found = one(collection, id, world, faults.lagMs)
    if (part === undefined) return found
    const answer = partOf(found, part, { path, query, world })
    if (answer !== undefined) return answer
  }
  throw unknownUrl('GET', path)
}

function one(collection: Collection, id: string, world: World, lagMs: number): Resource {
  const found = world.ground.store.seen(id, lagMs)
  if (found?.object === collection.object) return found
  const param = { payment_intent: 'intent', 'checkout.session': 'session' }[collection.object] ?? 'id'
  throw missing({ noun: collection.noun, id, param, inPath: true })
}

function partOf(
  found: Resource,
  part: string,
  { path, query, world }: { path: string; query: Parameters; world: World },
): ListAnswer | undefined {
  if (found.object === 'checkout.session' && part === 'line_items') {
    return within(world.sessionLines.get(found.id) ?? [], path, query)
  }
  if (found.object === 'charge' && part === 'refunds') {
    return within(refundsOf(world.ground.store, found as Charge), path, query)
  }
  if (found.object === 'invoice' && part === 'lines') {
    return within(((found as Invoice).lines as { data: Resource[] }).data, path, query)
  }
  return undefined
}

function balance(world: World): Fields {
  const amount = world.balance()
  const currency = world.ground.settlementCurrency
  return {
    object: 'balance',
    available: [{ amount, currency, source_types: { card: amount } }],
    livemode: world.ground.livemode,
    pending: [{ amount: 0, currency, source_types: { card: 0 } }],
  }
}
