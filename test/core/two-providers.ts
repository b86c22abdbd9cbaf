import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { canonicalFact, type Fact, type KnownFact, type Statement } from '../../src/core/fact.ts'
import { paypal } from '../../src/providers/paypal/index.ts'
import type { ConnectionSettings, Provider } from '../../src/providers/provider.ts'
import { shopify } from '../../src/providers/shopify/index.ts'
import { stripe } from '../../src/providers/stripe/index.ts'
import { After as WalletAfter } from '../../src/sandbox/paypal/after.ts'
import { Steps as WalletSteps } from '../../src/sandbox/paypal/steps.ts'
import { createPaypalWorld } from '../../src/sandbox/paypal/world.ts'
import { After as ShopAfter } from '../../src/sandbox/shopify/after.ts'
import { figuresOf } from '../../src/sandbox/shopify/figures.ts'
import { Goods } from '../../src/sandbox/shopify/goods.ts'
import { Steps } from '../../src/sandbox/shopify/steps.ts'
import { createWorld as createShop } from '../../src/sandbox/shopify/world.ts'
import { createWorld } from '../../src/sandbox/stripe/world.ts'
import type { Life } from './story.ts'

/** One purchase as two providers tell it: a shop, and whoever takes its money. */
export type Plan = {
  readonly seed: number
  readonly payer: 'card' | 'wallet'
  readonly quantity: number
  readonly unit: number
  readonly shipping: number
  readonly giftCard: boolean
  readonly declined: boolean
  readonly parts: 1 | 2
  readonly tellsOfPayment: boolean
  readonly edit: 'none' | 'up' | 'up_and_down'
  readonly shipped: 'none' | 'part' | 'whole'
  readonly refund: 'none' | 'money' | 'goods' | 'failed'
  readonly dispute: 'none' | 'open' | 'lost'
  readonly isCancelled: boolean
}

const often = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 3 }, { arbitrary: fc.constantFrom(...others), weight: 2 })

const plan: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer({ min: 1, max: 100_000 }),
  payer: fc.constantFrom('card', 'wallet'),
  quantity: fc.integer({ min: 1, max: 4 }),
  unit: fc.integer({ min: 1_000, max: 9_000 }), // half of it is still more than a wallet's fee
  shipping: fc.integer({ min: 0, max: 900 }),
  giftCard: often(false, true),
  declined: often(false, true),
  parts: often<1 | 2>(1, 2),
  tellsOfPayment: often(true, false),
  edit: often<Plan['edit']>('none', 'up', 'up_and_down'),
  shipped: often<Plan['shipped']>('none', 'part', 'whole'),
  refund: often<Plan['refund']>('none', 'money', 'goods', 'failed'),
  dispute: often<Plan['dispute']>('none', 'open', 'lost'),
  isCancelled: often(false, true),
})

/** A life over two providers. Its facts are what `normalize` makes of the bodies that their twins send or answer. */
export function lifeOfTwo(): fc.Arbitrary<Life> {
  return plan.map(lived)
}

const base = {
  mode: 'test',
  webhookSecrets: [],
  toleranceSeconds: 300,
  orderReference: [],
  accept: {},
  ordersFrom: [],
  extra: {},
} as const
const shopConnection: ConnectionSettings = {
  ...base,
  id: 'shop',
  account: 'shop',
  provider: 'shopify',
  speaksFor: ['order', 'fulfillment'],
}

/** Hears bodies, and keeps each fact that they state once. */
class Witness {
  readonly facts = new Map<string, KnownFact>()
  #hour = 0

  readonly now = () => new Date(Date.UTC(2026, 2, 1) + this.#hour * 3_600_000)

  later(): void {
    this.#hour += 1
  }

  hear(
    provider: Provider,
    connection: ConnectionSettings,
    type: string,
    body: string,
    occurredAt?: string,
  ): void {
    const outcome = provider.normalize(
      {
        id: `evt_${type}`,
        type,
        source: 'webhook',
        body: Buffer.from(body),
        receivedAt: this.now().toISOString(),
        ...(occurredAt === undefined ? {} : { occurredAt }),
      },
      connection,
    )
    if (outcome.kind === 'needs_review') throw new Error(`${type}: ${outcome.detail}`)
    if (outcome.kind !== 'processed') return
    for (const statement of outcome.statements)
      if (statement.level === 'order') this.#keep(statement, connection.id)
  }

  #keep({ fact, person }: Statement, connection: string): void {
    const personId = person === undefined ? {} : { personId: digestOf(JSON.stringify(person)).slice(0, 12) }
    const stated = { ...fact, data: { ...fact.data, ...personId } } as Fact
    const digest = digestOf(canonicalFact(stated))
    this.facts.set(`${stated.id} ${digest}`, {
      ...stated,
      digest,
      connection,
      scope: connection,
      source: 'webhook',
    })
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Who takes the money, in the few words that a life needs. */
type Payer = {
  /** Declined once before, where that is wanted. Answers with the payment's id. */
  pay(amount: number, isDeclinedFirst: boolean): string
  refund(payment: string, amount: number, isFailing: boolean): void
  dispute(payment: string, isLost: boolean): void
}

function cardPayer(witness: Witness, seed: number): Payer {
  const connection = {
    ...base,
    id: 'card',
    account: 'card',
    provider: 'stripe',
    speaksFor: ['payment'],
  } as const
  const world = createWorld({ seed, now: witness.now })
  world.onEvent((event) =>
    witness.hear(
      stripe,
      connection,
      event.type,
      JSON.stringify(event),
      new Date(event.created * 1000).toISOString(),
    ),
  )
  return {
    pay: (amount, isDeclinedFirst) =>
      world.pay({ amount, currency: 'usd', orderNumber: '1001', declines: isDeclinedFirst ? 1 : 0 }).charge
        .id,
    refund(payment, amount, isFailing) {
      const made = world.refund(payment, { amount, status: isFailing ? 'pending' : 'succeeded' })
      witness.later()
      if (isFailing) world.refundFails(made)
    },
    dispute(payment, isLost) {
      const made = world.dispute(payment)
      witness.later()
      if (isLost) world.closeDispute(made, 'lost')
    },
  }
}

/** A wallet's events say nothing by themselves: what they hint at is read, as it is then. */
function walletPayer(witness: Witness, seed: number): Payer {
  const connection = {
    ...base,
    id: 'wallet',
    account: 'wallet',
    provider: 'paypal',
    speaksFor: ['payment'],
  } as const
  const world = createPaypalWorld({ seed, now: witness.now })
  const [steps, after] = [new WalletSteps(world), new WalletAfter(world)]
  const read = (kind: 'order' | 'capture' | 'refund' | 'dispute') => {
    for (const thing of world.things[kind].values())
      witness.hear(paypal, connection, `resource.${kind}`, JSON.stringify(thing))
  }
  const readAll = () => {
    for (const kind of ['order', 'capture', 'refund', 'dispute'] as const) read(kind)
  }
  return {
    pay(amount, isDeclinedFirst) {
      const order = steps.order({ amountMinor: BigInt(amount), number: '1001' })
      readAll()
      if (isDeclinedFirst) {
        steps.decline(steps.capture(order.id, { pending: 'ECHECK' }).id)
        readAll()
        witness.later()
      }
      const { id } = steps.capture(order.id)
      readAll()
      return id
    },
    refund(payment, amount, isFailing) {
      const made = after.refund(payment, BigInt(amount), isFailing ? { pending: 'ECHECK' } : {})
      readAll()
      witness.later()
      if (isFailing) after.refundFails(made.id)
      readAll()
    },
    dispute(payment, isLost) {
      const made = after.dispute(payment, 'CHARGEBACK')
      readAll()
      witness.later()
      if (isLost) after.resolve(made.dispute_id, 'RESOLVED_BUYER_FAVOUR')
      readAll()
    },
  }
}

function lived(given: Plan): Life {
  const witness = new Witness()
  const shop = createShop({ seed: given.seed, now: witness.now })
  shop.onEvent(({ topic, body }) => witness.hear(shopify, shopConnection, topic, body))
  const [steps, after, goods] = [new Steps(shop), new ShopAfter(shop), new Goods(shop)]
  const payer = given.payer === 'card' ? cardPayer(witness, given.seed) : walletPayer(witness, given.seed)
  const { quantity, unit, shipping } = given
  const order = steps.place({
    number: '1001',
    lines: [{ sku: 'TEE', quantity, unitMinor: BigInt(unit) }],
    shippingMinor: BigInt(shipping),
  })
  witness.later()
  if (given.edit !== 'none') steps.edit(order.id, [{ sku: 'MUG', delta: 1, unitMinor: 500n }])
  witness.later()
  if (given.edit === 'up_and_down') steps.edit(order.id, [{ sku: 'MUG', delta: -1 }])
  const total = Number(figuresOf(order).totalMinor)
  const byGiftCard = given.giftCard ? Math.min(50, total - 2) : 0
  if (byGiftCard > 0) steps.pay(order.id, { gateway: 'gift_card', amountMinor: BigInt(byGiftCard) })
  const due = total - byGiftCard
  const sums = given.parts === 1 ? [due] : [Math.floor(due / 2), due - Math.floor(due / 2)]
  const payments = sums.map((sum, index) => {
    witness.later()
    const id = payer.pay(sum, given.declined && index === 0)
    const toldAs = given.tellsOfPayment
      ? steps.pay(order.id, { gateway: given.payer, amountMinor: BigInt(sum) }).id
      : undefined
    return { id, toldAs }
  })
  witness.later()
  if (given.isCancelled && given.shipped === 'none') steps.cancel(order.id)
  const [line] = order.lines
  if (given.shipped !== 'none')
    goods.ship(order.id, {
      number: 'Z1',
      ...(given.shipped === 'part' && { lines: [{ lineId: line!.id, quantity: 1 }] }),
    })
  witness.later()
  const refunded = Math.max(1, Math.floor(sums[0]! / 3))
  if (given.refund !== 'none') payer.refund(payments[0]!.id, refunded, given.refund === 'failed')
  if (given.refund === 'goods')
    after.refund(order.id, {
      lines: [{ sku: 'TEE', quantity: 1, restock: 'return' }],
      ...(payments[0]!.toldAs === undefined
        ? { amountMinor: 0n }
        : { amountMinor: BigInt(refunded), paymentId: payments[0]!.toldAs }),
    })
  witness.later()
  if (given.dispute !== 'none') payer.dispute(payments.at(-1)!.id, given.dispute === 'lost')
  return {
    facts: [...witness.facts.values()],
    currency: 'USD',
    truth: {
      orderedMinor: BigInt(total),
      capturedMinor: BigInt(total),
      refundedMinor: given.refund === 'none' || given.refund === 'failed' ? 0n : BigInt(refunded),
      returnedMinor: 0n,
      balance: new Map(),
    },
  }
}
