import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Resource } from '../../src/sandbox/stripe/types.ts'
import { testWorld } from './support.ts'

const folder = new URL('../../../shared/fixtures/stripe/', import.meta.url)
const skip = existsSync(folder) ? false : 'the published fixtures are not beside this checkout'
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Resource

/** Fields of the published examples that are optional at Stripe, each with the reason that the twin leaves them out. */
const optional: { readonly [object: string]: readonly string[] } = {
  charge: ['refunds'], // only where it is expanded, since 2022-11-15
}

/** A life with one object of every kind in it. */
function everything() {
  const world = testWorld()
  const buyer = {
    email: 'a@example.com',
    name: 'A',
    address: { line1: '1 Road', city: 'Town', country: 'US' },
  }
  const items = [{ sku: 'TEE', quantity: 2, unitAmount: 2000, title: 'Tee' }]
  const customer = world.customer(buyer)
  const paid = world.pay({ amount: 4080, currency: 'usd', items, shipping: 80, buyer, customer: customer.id })
  const refund = world.refund(paid.charge, { amount: 100 })
  const dispute = world.dispute(world.pay({ amount: 500, currency: 'usd' }).charge)
  const payout = world.payoutArrives(world.payout())
  const invoice = world.bill({
    customer: customer.id,
    currency: 'usd',
    items,
    buyer,
    subscription: world.subscription(),
  })
  const { payment } = world.payInvoice(invoice)
  const endpoint = world.ground.addEndpoint('https://shop.example/hook', {})
  const warning = world.warnOfFraud(paid.charge)
  const line = (invoice.lines as { data: Resource[] }).data[0]!
  return {
    charge: paid.charge,
    payment_intent: paid.intent,
    'checkout.session': paid.session!,
    item: world.sessionLines.get(paid.session!.id)![0]!,
    line_item: line,
    refund,
    dispute,
    payout,
    balance_transaction: world.all('balance_transaction')[0]!,
    customer,
    invoice,
    invoice_payment: payment,
    webhook_endpoint: endpoint,
    'radar.early_fraud_warning': warning,
    event: world.events()[0]!,
    price: world.all('price')[0]!,
    product: world.all('product')[0]!,
  }
}

/** What differs: keys that are missing, and values of another type. Null stands for any type, on both sides. */
function differences(
  ours: unknown,
  theirs: unknown,
  path: string,
  skipped: readonly string[] = [],
): string[] {
  if (theirs === null || ours === null) return []
  if (Array.isArray(theirs) || Array.isArray(ours)) {
    return Array.isArray(theirs) === Array.isArray(ours) ? [] : [`${path}: list or not`]
  }
  if (typeof theirs !== typeof ours) return [`${path}: ${typeof ours}, not ${typeof theirs}`]
  if (typeof theirs !== 'object') return []
  return Object.entries(theirs as object).flatMap(([key, value]) => {
    if (skipped.includes(key)) return []
    const held = (ours as { [field: string]: unknown })[key]
    // Below the first level unions differ by what they describe: a missing key there says nothing.
    if (held === undefined) return path.includes('.') ? [] : [`${path}.${key}: missing`]
    return differences(held, value, `${path}.${key}`)
  })
}

for (const [object, ours] of Object.entries(everything())) {
  test(`a ${object} has the keys and types of the published example`, { skip }, () => {
    const theirs = fixture(`resources/${object}`)
    // The example's event carries a plan; what is inside an event is compared with its own kind.
    const skipped = object === 'event' ? ['data'] : (optional[object] ?? [])
    assert.deepEqual(differences(ours, theirs, object, skipped), [])
  })
}

test('the comparison sees a missing key and another type', { skip }, () => {
  const theirs = fixture('resources/refund')
  const { currency: _missing, ...ours } = { ...everything().refund, amount: '100' }
  assert.deepEqual(differences(ours, theirs, 'refund'), [
    'refund.amount: string, not number',
    'refund.currency: missing',
  ])
})

test('errors have the published codes', { skip }, () => {
  const { error } = fixture('api-error-429-lock') as unknown as { error: { code: string } }
  assert.equal(error.code, 'lock_timeout')
})

test('each example event of a kind that the twin makes has the same top-level keys', { skip }, () => {
  const example = fixture('events/02-charge.succeeded')
  const ours = everything().event
  assert.deepEqual(differences(ours, { ...example, data: null }, 'event'), [])
})
