import type { Tender } from '../../core/fact.ts'
import type { ConnectionSettings } from '../provider.ts'

/**
 * What the ways to pay that no payment provider can see are called: the shop's own, whichever connection speaks for
 * payment. Names are compared without case and marks, as merchants see them spelled in several ways.
 *
 * @see https://shopify.dev/docs/api/admin-rest/latest/resources/transaction (checked 2026-11)
 */
const tenders = new Map<string, Tender>([
  ['gift_card', 'gift_card'],
  ['shopify_store_credit', 'store_credit'],
  ['store_credit', 'store_credit'],
  ['exchange_credit', 'store_credit'],
  ['cash', 'cash'],
  ['cash_on_delivery', 'cash'],
  ['cash_on_delivery_cod', 'cash'],
  ['bank_deposit', 'manual'],
  ['money_order', 'manual'],
  ['manual', 'manual'],
  ['custom', 'manual'],
])

/** Whose word on a payment counts: ours as money, or that of another connection, to which ours is evidence. */
export type Speaker = { readonly kind: 'money'; readonly tender: Tender } | { readonly kind: 'evidence' }

/** `gateways` of the connection decides first, then what the gateway is, then whether the shop speaks for payment. */
export function speakerOf(gateway: string, isManual: boolean, connection: ConnectionSettings): Speaker {
  const name = plainName(gateway)
  const tender = tenders.get(name) ?? (isManual ? 'manual' : undefined)
  const isOurs = connection.speaksFor.includes('payment')
  const given = gatewaysOf(connection).get(name)
  if (given !== undefined) {
    if (given !== 'shop' && given !== connection.id) return { kind: 'evidence' }
    return { kind: 'money', tender: tender ?? (isOurs ? 'provider' : 'manual') }
  }
  if (tender !== undefined) return { kind: 'money', tender }
  return isOurs ? { kind: 'money', tender: 'provider' } : { kind: 'evidence' }
}

/** Lower case, with one underscore for all that is no letter or digit. */
export function plainName(gateway: string): string {
  return gateway
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '')
}

function gatewaysOf({ extra }: ConnectionSettings): ReadonlyMap<string, string> {
  const { gateways } = extra
  if (typeof gateways !== 'object' || gateways === null) return new Map()
  return new Map(Object.entries(gateways).map(([name, whose]) => [plainName(name), String(whose)]))
}
