import type { FactData, Person, Ref, Statement } from '../../core/fact.ts'
import { child, field, type Node, present, text } from './json.ts'
import type { stateAbout, When } from './witness.ts'

type State = ReturnType<typeof stateAbout>
type Address = NonNullable<Person['address']>

/** A street address, or undefined where every part of it is empty (they send the keys with nulls). */
export function address(node: Node | undefined): Address | undefined {
  if (node === undefined) return undefined
  const parts = present({
    line1: text(node, 'line1'),
    line2: text(node, 'line2'),
    city: text(node, 'city'),
    state: text(node, 'state'),
    postalCode: text(node, 'postal_code'),
    country: text(node, 'country'),
  })
  return Object.keys(parts).length === 0 ? undefined : parts
}

/** What stands outside the details object. */
type Knowing = { email?: string | undefined; customerId?: string | undefined; locale?: string | undefined }

/** Somebody by name, mail, phone and address as `billing_details` and `customer_details` hold them. */
export function person(details: Node | undefined, more: Knowing = {}): Person | undefined {
  const found: Person = present({
    ...more,
    email: (details && text(details, 'email')) ?? more.email,
    name: details && text(details, 'name'),
    phone: details && text(details, 'phone'),
    address: details && address(child(details, 'address')),
  })
  return Object.keys(found).length === 0 ? undefined : found
}

/** `personId` stays empty here: it is a keyed hash of the person beside it, and whoever records holds the key. */
export function customerSeen(
  state: State,
  {
    subject,
    when,
    by,
    who,
  }: { subject: Ref; when: When; by: FactData['customer_seen']['by']; who: Person | undefined },
): Statement[] {
  if (who === undefined) return []
  const data = { personId: '', hasEmail: who.email !== undefined, hasAddress: who.address !== undefined, by }
  return [state('customer_seen', subject, when, data, { person: who })]
}

/** Where the goods go, for `shipping` of a charge or intent and `shipping_details` of a session; none without an address. */
export function shippingTo(
  state: State,
  { subject, when, shipping }: { subject: Ref; when: When; shipping: Node | undefined },
): Statement[] {
  const to = shipping && address(child(shipping, 'address'))
  if (shipping === undefined || to === undefined) return []
  const who: Person = {
    address: present({ ...to, name: text(shipping, 'name'), phone: text(shipping, 'phone') }),
  }
  const method = text(shipping, 'carrier')
  const data = { personId: '', required: true, ...(method !== undefined && { method }) }
  return [state('order_shipping', subject, when, data, { person: who })]
}

/** The customer's id at the provider, by which a person is found again for erasure. */
export function customerId(node: Node): string | undefined {
  const customer = field(node, 'customer')
  return typeof customer === 'string'
    ? text(node, 'customer')
    : child(node, 'customer') && text(child(node, 'customer')!, 'id')
}
