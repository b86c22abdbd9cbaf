import type { TestContext } from 'node:test'
import { shopify } from '../../../src/providers/shopify/index.ts'
import type { Api, ConnectionSettings, ListedItem } from '../../../src/providers/provider.ts'
import {
  type ShopifyTwin,
  type ShopifyTwinOptions,
  startShopifyTwin,
} from '../../../src/sandbox/shopify/index.ts'
import { settings } from '../../providers/shopify/subject.ts'

export const purchase = {
  number: '1001',
  lines: [
    { sku: 'TEE-M', quantity: 2, unitMinor: 1500n, taxMinor: 150n },
    { sku: 'MUG', quantity: 1, unitMinor: 700n },
  ],
  shippingMinor: 80n,
} as const

/** A twin, and a connection of ours that speaks for all of it. */
export async function openTwin(
  t: TestContext,
  options: Partial<ShopifyTwinOptions> = {},
): Promise<{ twin: ShopifyTwin; api: Api; connection: ConnectionSettings }> {
  const twin = await startShopifyTwin({ seed: t.name, ...options })
  t.after(() => twin.stop())
  const connection: ConnectionSettings = {
    ...settings,
    mode: 'test',
    webhookSecrets: [twin.secret],
    apiBaseUrl: twin.url,
    extra: { shop: twin.world.shop, accessToken: twin.accessToken },
  }
  return { twin, connection, api: { connection, signal: AbortSignal.timeout(20_000), timeoutMs: 5_000 } }
}

export async function listed(list: string, api: Api): Promise<ListedItem[]> {
  const window = { list, since: '2020-01-01T00:00:00.000Z', until: '2100-01-01T00:00:00.000Z' }
  const items: ListedItem[] = []
  for await (const page of shopify.list(window, undefined, api)) items.push(...page.items)
  return items
}

/** One GraphQL call as a client makes it. */
export async function ask(
  { url, accessToken }: ShopifyTwin,
  query: string,
  variables: object = {},
  { token = accessToken, version = '2026-10' } = {},
): Promise<{ status: number; body: any }> {
  const response = await fetch(`${url}/admin/api/${version}/graphql.json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-shopify-access-token': token },
    body: JSON.stringify({ query, variables }),
  })
  return { status: response.status, body: await response.json() }
}
