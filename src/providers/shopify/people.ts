import type { Person } from '../../core/fact.ts'
import { child, idIn, type Node, present, text } from './json.ts'

type Address = NonNullable<Person['address']>

/** A street address, or undefined where every part of it is empty (they send the keys with nulls). */
export function address(node: Node | undefined): Address | undefined {
  if (node === undefined) return undefined
  const parts = present({
    name: fullName(node),
    line1: text(node, 'address1'),
    line2: text(node, 'address2'),
    city: text(node, 'city'),
    state: text(node, 'province_code') ?? text(node, 'province'),
    postalCode: text(node, 'zip'),
    country: text(node, 'country_code') ?? text(node, 'country'),
    phone: text(node, 'phone'),
  })
  return Object.keys(parts).length === 0 ? undefined : parts
}

/** Whoever placed the order: the order's own words first, as the customer's record may have changed since. */
export function buyer(order: Node): Person | undefined {
  const customer = child(order, 'customer')
  const billing = child(order, 'billing_address')
  const found: Person = present({
    email: text(order, 'email') ?? text(order, 'contact_email') ?? (customer && emailOf(customer)),
    name: (billing && fullName(billing)) ?? (customer && fullName(customer)),
    phone:
      text(order, 'phone') ?? (customer && text(customer, 'phone')) ?? (billing && text(billing, 'phone')),
    locale: text(order, 'customer_locale'),
    customerId: customer && idIn(customer, 'id'),
    address: address(billing),
  })
  return Object.keys(found).some((key) => key !== 'locale') ? found : undefined
}

/** A mail address and an id, as the privacy topics name a customer. */
export function customerOf(node: Node): { email?: string; customerId?: string } {
  const customer = child(node, 'customer')
  if (customer === undefined) return {}
  return present({ email: text(customer, 'email'), customerId: idIn(customer, 'id') })
}

function emailOf(customer: Node): string | undefined {
  return text(customer, 'email') ?? text(child(customer, 'default_email') ?? customer, 'email')
}

function fullName(node: Node): string | undefined {
  const parts = [text(node, 'first_name'), text(node, 'last_name')].filter((part) => part !== undefined)
  return text(node, 'name') ?? (parts.length > 0 ? parts.join(' ') : undefined)
}
