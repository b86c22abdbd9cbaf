import { getDirectiveValues, GraphQLError, type GraphQLResolveInfo } from 'graphql'
import type { Args, Viewed } from '../graphql/answer.ts'
import { leftToShip } from '../figures.ts'
import type { Goods } from '../goods.ts'
import type { World } from '../world.ts'
import { subscriptionView } from './account.ts'
import { fulfillmentView } from './goods.ts'
import { gid } from './line.ts'

/** Where every mutation begins. What is wrong with an input stands in `userErrors`, with nothing else to show it. */
export function mutationRoot(world: World, goods: Goods, version: string): Viewed {
  return {
    webhookSubscriptionCreate: (args: Args) => subscribe(world, version, args),
    fulfillmentCreate: ({ fulfillment }: { fulfillment: FulfillmentInput }) =>
      fulfil(world, goods, fulfillment),
    inventoryAdjustQuantities: (
      { input }: { input: StockInput },
      _context: unknown,
      info: GraphQLResolveInfo,
    ) => adjust(world, goods, { input, key: keyOf(info) }),
  }
}

function keyOf({ schema, fieldNodes, variableValues }: GraphQLResolveInfo): string | undefined {
  const directive = getDirectiveValues(schema.getDirective('idempotent')!, fieldNodes[0]!, variableValues)
  return directive?.key as string | undefined
}

/** The app's own configuration alone may name these. */
const privacyTopics = new Set(['CUSTOMERS_DATA_REQUEST', 'CUSTOMERS_REDACT', 'SHOP_REDACT'])

function subscribe(world: World, version: string, args: Args): Viewed {
  const { topic, webhookSubscription } = args as { topic: string; webhookSubscription: { uri?: string } }
  const uri = webhookSubscription.uri ?? ''
  if (privacyTopics.has(topic))
    throw new GraphQLError(
      `Variable $topic of type WebhookSubscriptionTopic! was provided invalid value (${topic})`,
      { extensions: { code: 'INVALID_VARIABLE' } },
    )
  const taken = [...world.subscriptions.values()].some((one) => one.topic === topic && one.uri === uri)
  if (taken)
    return {
      webhookSubscription: null,
      userErrors: [{ field: ['topic'], message: 'Address for this topic has already been taken' }],
    }
  const made = { id: world.newId(), topic, uri, isConfigured: false }
  world.subscriptions.set(made.id, made)
  return { webhookSubscription: subscriptionView(made, version), userErrors: [] }
}

type FulfillmentInput = {
  readonly lineItemsByFulfillmentOrder: readonly {
    readonly fulfillmentOrderId: string
    readonly fulfillmentOrderLineItems: readonly { readonly id: string; readonly quantity: number }[]
  }[]
  readonly trackingInfo?: { readonly company?: string; readonly number?: string; readonly url?: string }
}

function fulfil(
  world: World,
  goods: Goods,
  { lineItemsByFulfillmentOrder: parts, trackingInfo = {} }: FulfillmentInput,
): Viewed {
  const idOf = (id: string) => id.split('/').at(-1)!
  const refused = (message: string) => ({
    fulfillment: null,
    userErrors: [{ field: ['fulfillment'], message }],
  })
  const order = world.orders.get(idOf(parts[0]?.fulfillmentOrderId ?? ''))
  if (order === undefined || parts.length > 1) return refused('Fulfillment order does not exist.')
  const lines = parts[0]!.fulfillmentOrderLineItems.map(({ id, quantity }) => ({
    lineId: idOf(id),
    quantity,
  }))
  const left = new Map(leftToShip(order).map(({ line, quantity }) => [line.id, quantity]))
  if (lines.some(({ lineId, quantity }) => quantity < 1 || quantity > (left.get(lineId) ?? 0)))
    return refused('Invalid fulfillment order line item quantity requested.')
  const { company: carrier, number, url } = trackingInfo
  const made = goods.ship(order.id, {
    lines,
    ...(carrier !== undefined && { carrier }),
    ...(number !== undefined && { number }),
    ...(url !== undefined && { url }),
  })
  return { fulfillment: fulfillmentView(order, made), userErrors: [] }
}

type StockInput = {
  readonly changes: readonly { readonly inventoryItemId: string; readonly delta: number }[]
}

/** Refused without a key since 2026-04; with one that was used before, it answers as it did then and changes nothing. */
function adjust(
  world: World,
  goods: Goods,
  { input, key }: { input: StockInput; key: string | undefined },
): Viewed {
  if (key === undefined)
    throw new GraphQLError('The @idempotent directive is required for this mutation but was not provided.', {
      extensions: { code: 'BAD_REQUEST' },
    })
  const known = world.answered.get(key)
  if (known !== undefined) return known
  for (const { inventoryItemId, delta } of input.changes) {
    const item = world.items.get(inventoryItemId.split('/').at(-1)!)
    if (item === undefined)
      return {
        inventoryAdjustmentGroup: null,
        userErrors: [
          {
            code: 'INVALID_INVENTORY_ITEM',
            field: ['input', 'changes'],
            message: 'The specified inventory item could not be found.',
          },
        ],
      }
    goods.stock(item.sku, item.available + delta)
  }
  const answer = {
    inventoryAdjustmentGroup: { id: gid('InventoryAdjustmentGroup', world.newId()) },
    userErrors: [],
  }
  world.answered.set(key, answer)
  return answer
}
