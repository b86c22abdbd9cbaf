import type { Examples } from '../letter.ts'
import { After } from './after.ts'
import { shopifyHeaders } from './deliver.ts'
import { Goods } from './goods.ts'
import { type Purchase, Steps } from './steps.ts'
import type { ShopOrder } from './things.ts'
import { createWorld } from './world.ts'

type Shop = { readonly steps: Steps; readonly after: After; readonly goods: Goods; readonly order: ShopOrder }
type Story = (shop: Shop) => unknown

const paid: Story = ({ steps, order }) => steps.pay(order.id)
const refunded: Story = ({ steps, after, order }) => {
  steps.pay(order.id)
  after.refund(order.id, { lines: [{ sku: 'MUG', quantity: 1, restock: 'return' }] })
}
const disputed: Story = ({ steps, after, order }) => {
  const { amountMinor } = steps.pay(order.id)
  after.closeDispute(after.dispute(order.id, { amountMinor }).id, 'won')
}
const shipped: Story = ({ steps, goods, order }) => {
  steps.pay(order.id)
  const { id } = goods.ship(order.id, { carrier: 'DHL', number: '00340434161094015902' })
  goods.change(id, { shipmentStatus: 'delivered' })
}
const counted: Story = ({ goods }) => goods.stock('MUG', 12)

/** What must happen for an event of each topic; the last one of it is what is sent. */
const stories = new Map<string, Story>([
  ['orders/create', () => {}],
  ['orders/updated', ({ steps, order }) => steps.tag(order.id, 'gift')],
  ['orders/edited', ({ steps, order }) => steps.edit(order.id, [{ sku: 'MUG', delta: 1 }])],
  ['orders/paid', paid],
  ['order_transactions/create', paid],
  ['orders/cancelled', ({ steps, order }) => steps.cancel(order.id)],
  ['orders/delete', ({ steps, order }) => steps.delete(order.id)],
  ['refunds/create', refunded],
  ['fulfillments/create', shipped],
  ['fulfillments/update', shipped],
  [
    'orders/partially_fulfilled',
    ({ goods, order }) => goods.ship(order.id, { lines: [{ lineId: order.lines[0]!.id, quantity: 1 }] }),
  ],
  ['orders/fulfilled', shipped],
  ['disputes/create', disputed],
  ['disputes/update', disputed],
  ['inventory_levels/update', counted],
  ['products/update', counted],
  ['app/uninstalled', ({ goods }) => goods.uninstall()],
  ['customers/data_request', ({ goods, order }) => goods.privacy('customers/data_request', order.id)],
  ['customers/redact', ({ goods, order }) => goods.privacy('customers/redact', order.id)],
  ['shop/redact', ({ goods }) => goods.redactShop()],
])

const purchase: Omit<Purchase, 'number'> = {
  lines: [
    { sku: 'TEE-M', quantity: 2, unitMinor: 1500n, title: 'T-shirt, medium' },
    { sku: 'MUG', quantity: 1, unitMinor: 1000n, title: 'Mug' },
  ],
  shippingMinor: 80n,
}

/** Signed examples of what a shop sends: of the connection's own shop, as another's is refused. */
export const shopifyExamples: Examples = {
  types: [...stories.keys()],
  letter(type, { connection, now }) {
    const story = stories.get(type)
    if (story === undefined) return undefined
    const { shop } = connection.extra
    const world = createWorld({
      seed: `trigger:${now.getTime()}`,
      now: () => now,
      ...(typeof shop === 'string' && { shop }),
    })
    const steps = new Steps(world)
    const order = steps.place({ ...purchase, number: `T-${now.getTime().toString(36).toUpperCase()}` })
    story({ steps, after: new After(world), goods: new Goods(world), order })
    const event = world.events.findLast(({ topic }) => topic === type)!
    const secret = connection.webhookSecrets[0] ?? ''
    const headers = shopifyHeaders(event, { secret, version: '2026-10', shop: world.shop })
    return { id: event.id, headers, body: new TextEncoder().encode(event.body) }
  },
}
