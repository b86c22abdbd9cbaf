import type { Args, Viewed } from '../graphql/answer.ts'
import { shipmentOf, type World } from '../world.ts'
import { balanceView, disputeView, payoutView, subscriptionView } from './account.ts'
import { fulfillmentView, itemView } from './goods.ts'
import { orderView } from './order.ts'
import { type Entry, pageOf } from './pages.ts'

/** How the shop is seen: an index that lags, and what its lists leave out. */
export type Sight = { readonly lagMs: number; readonly omitted: ReadonlySet<string> }

/** Where every query begins. */
export function queryRoot(world: World, version: string, { lagMs, omitted }: Sight): Viewed {
  const isSeen = ({ id, order }: Entry) =>
    !omitted.has(id) && Date.parse(order) <= world.now().getTime() - lagMs
  const paged = (all: () => Entry[]) => (args: Args) => pageOf(all().filter(isSeen), args)
  const entry = (id: string, by: string, at: string, view: Viewed, more = {}): Entry => ({
    id,
    order: at,
    search: { [by]: at, ...more },
    view,
  })
  return {
    order: byId('Order', (id) => {
      const order = world.orders.get(id)
      return order && orderView(world, order)
    }),
    fulfillment: byId('Fulfillment', (id) => {
      const found = shipmentOf(world, id)
      return found && fulfillmentView(found.order, found.shipment)
    }),
    dispute: byId('ShopifyPaymentsDispute', (id) => {
      const dispute = world.disputes.get(id)
      return dispute && disputeView(dispute)
    }),
    orders: paged(() =>
      [...world.orders.values()].map((one) =>
        entry(one.id, 'updated_at', one.updatedAt, orderView(world, one)),
      ),
    ),
    inventoryItems: paged(() =>
      [...world.items.values()].map((one) =>
        entry(one.id, 'updated_at', one.updatedAt, itemView(world, one), { sku: one.sku }),
      ),
    ),
    disputes: paged(() =>
      [...world.disputes.values()].map((one) =>
        entry(one.id, 'initiated_at', one.initiatedAt, disputeView(one)),
      ),
    ),
    shopifyPaymentsAccount: {
      balanceTransactions: paged(() =>
        [...world.balance.values()].map((one) => entry(one.id, 'processed_at', one.at, balanceView(one))),
      ),
      payouts: paged(() =>
        [...world.payouts.values()].map((one) => entry(one.id, 'issued_at', one.at, payoutView(one))),
      ),
    },
    webhookSubscriptions: (args: Args) =>
      pageOf(
        [...world.subscriptions.values()]
          .filter(({ isConfigured }) => !isConfigured)
          .map((one) => entry(one.id, 'created_at', '', subscriptionView(one, version))),
        args,
      ),
  }
}

function byId(type: string, find: (id: string) => Viewed | undefined): (args: Args) => Viewed | undefined {
  return (args) => {
    const id = new RegExp(`^gid://shopify/${type}/(\\d+)$`).exec(String(args.id))?.[1]
    return id === undefined ? undefined : find(id)
  }
}
