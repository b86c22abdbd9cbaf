import { inBoth } from '../figures.ts'
import type { Buyer, ShopOrder } from '../things.ts'

/** An object of a webhook body. Ids are bare numbers there, of more digits than a double holds. */
export type Body = { readonly [name: string]: unknown }

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** An id as a bare number, whatever its length. */
export function bare(id: string): unknown {
  return rawJSON(id)
}

/** Both ids that every object has. */
export function idsOf(type: string, id: string): Body {
  return { id: bare(id), admin_graphql_api_id: `gid://shopify/${type}/${id}` }
}

/** An amount under its name, and as `…_set` in both monies. */
export function both(
  order: Pick<ShopOrder, 'currency' | 'presentment'>,
  name: string,
  amountMinor: bigint,
): Body {
  return { [name]: inBoth(order, amountMinor).shop[0], ...setAlone(order, name, amountMinor) }
}

/** The `…_set` alone, where there is no plain amount beside it. */
export function setAlone(
  order: Pick<ShopOrder, 'currency' | 'presentment'>,
  name: string,
  amountMinor: bigint,
): Body {
  const { shop, buyer } = inBoth(order, amountMinor)
  const money = ([amount, currency_code]: [string, string]) => ({ amount, currency_code })
  return { [`${name}_set`]: { shop_money: money(shop), presentment_money: money(buyer) } }
}

/** Names that the shop always writes and seldom fills. */
export function nulls(names: string): Body {
  return Object.fromEntries(names.split(' ').map((name) => [name, null]))
}

export function addressOf({ firstName, lastName }: Buyer): Body {
  return {
    first_name: firstName,
    address1: '1 Test Street',
    phone: '+15555550100',
    city: 'Testville',
    zip: '40202',
    province: 'Kentucky',
    country: 'United States',
    last_name: lastName,
    ...nulls('address2 company latitude longitude'),
    name: `${firstName} ${lastName}`,
    country_code: 'US',
    province_code: 'KY',
  }
}
