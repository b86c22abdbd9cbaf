import { post } from '../post.ts'
import { people, some } from './people.ts'
import { listed, money, type Stage } from './stage.ts'

/** One scene: something that happens in a shop's day, and may keep a promise of an earlier one. */
export type Scene = (stage: Stage) => Promise<void> | void

/** Tells of an order in the words that all scenes use. */
function ordered(stage: Stage, cart: ReturnType<Stage['cart']>, more = ''): void {
  const { buyer, items, amount, currency, orderNumber } = cart
  const sum = amount === 0 ? 'for nothing' : `for ${money(amount, currency)}`
  stage.tell(
    `${buyer!.name} orders ${listed(items)} ${sum} (order ${orderNumber})${more === '' ? '' : `; ${more}`}`,
  )
}

/** The day of the demo, in order. Each scene takes about one pace. */
export const morning: readonly Scene[] = [
  async (stage) => {
    const cart = stage.cart(people.ada, [some(2, 'tee', 2000)], { shipping: 80 })
    ordered(stage, cart)
    const { charge } = stage.twin.world.pay(cart)
    await stage.pause()
    stage.tell(`Ada is one stain unhappy: 10.00 USD of order ${cart.orderNumber} go back`)
    stage.twin.world.refund(charge, { amount: 1000 })
  },
  (stage) => {
    const cart = stage.cart(people.grace, [some(1, 'mug', 1450), some(1, 'cap', 2200)])
    ordered(stage, cart, 'every webhook of it comes twice')
    stage.under({ copies: 2 }, () => stage.twin.world.pay(cart))
  },
  (stage) => {
    const cart = stage.cart(people.lena, [some(3, 'poster', 1200)], { currency: 'eur', shipping: 590 })
    ordered(stage, cart, 'its webhooks arrive last first')
    const { deliver, world } = stage.twin
    deliver.hold()
    world.pay(cart)
    deliver.release('reversed')
  },
  (stage) => {
    const cart = stage.cart(people.mary, [some(1, 'tee', 2000)])
    ordered(stage, cart, 'the card is declined twice, the third time it pays')
    const { items, ...rest } = cart
    stage.twin.world.pay({ ...rest, items, via: 'intent', declines: 2 })
  },
  (stage) => {
    const cart = stage.cart(people.yuki, [some(2, 'mug', 1800)], { currency: 'jpy' })
    ordered(stage, cart, 'in a currency without decimals')
    stage.twin.world.pay(cart)
  },
  (stage) => {
    const cart = stage.cart(people.fatima, [some(1, 'cap', 6750)], { currency: 'kwd' })
    ordered(stage, cart, 'in one with three')
    stage.twin.world.pay(cart)
  },
  (stage) => {
    const cart = stage.cart(people.sam, [some(4, 'tee', 2000)])
    stage.tell(`${people.sam.name} fills a cart with ${listed(cart.items)} and walks away`)
    stage.twin.world.abandon(stage.twin.world.openCheckout(cart))
  },
  async (stage) => {
    const cart = stage.cart(people.jose, [some(2, 'cap', 2100)], { currency: 'eur' })
    ordered(stage, cart, 'authorized only, until it is packed')
    const { intent } = stage.twin.world.authorize(cart)
    await stage.pause()
    stage.tell(`Packed: all of order ${cart.orderNumber} is captured`)
    stage.twin.world.capture(intent)
  },
]

export const noon: readonly Scene[] = [
  (stage) => {
    const cart = stage.cart(people.olga, [some(1, 'poster', 1200), some(1, 'mug', 1450)])
    ordered(stage, cart, 'and every one of its webhooks is lost')
    stage.under({ lose: true }, () => stage.twin.world.pay(cart))
  },
  (stage) => {
    const cart = stage.cart(people.ben, [some(1, 'cap', 2200)])
    ordered(stage, cart, 'its webhooks are late')
    stage.under({ delayMs: 6000 }, () => stage.twin.world.pay(cart))
  },
  async (stage) => {
    const cart = stage.cart(people.ivy, [some(5, 'poster', 1100)])
    ordered(stage, cart, 'by bank debit, which takes its days')
    const { intent, charge } = stage.twin.world.startDebit(cart)
    await stage.pause()
    stage.tell(`The debit of order ${cart.orderNumber} has cleared`)
    stage.twin.world.clear(intent)
    await stage.pause()
    stage.tell(
      `…and now Ivy's bank takes it back: ${money(cart.amount, 'usd')} of order ${cart.orderNumber} are gone`,
    )
    stage.twin.world.failLate(charge)
  },
  async (stage) => {
    const cart = stage.cart(people.nils, [some(1, 'mug', 1450)])
    ordered(stage, cart)
    const { charge } = stage.twin.world.pay(cart)
    await stage.pause(0.5)
    stage.tell(`Nils has changed his mind: all of order ${cart.orderNumber} goes back`)
    stage.twin.world.refund(charge)
  },
  (stage) => {
    const cart = stage.cart(people.chloe, [some(2, 'tee', 1900)], { currency: 'eur' })
    ordered(stage, cart, 'one webhook is damaged on its way and has to be sent again')
    stage.under({ corrupt: 'body' }, () => stage.twin.world.pay(cart))
  },
  async (stage) => {
    stage.tell('Somebody sends a forged "payment succeeded" for 9,999.00 USD')
    const [endpoint] = stage.twin.world.all<{ id: string; object: string; url: string }>('webhook_endpoint')
    const event = stage.twin.world.events().find(({ type }) => type === 'charge.succeeded')!
    const forged = { ...event, id: 'evt_forged', data: { object: { ...event.data.object, amount: 999_900 } } }
    const now = new Date()
    const given = {
      url: endpoint!.url,
      event: forged,
      secret: 'whsec_guessed',
      corrupt: undefined,
      now,
      timeoutMs: 5000,
    }
    const { status } = await post(given)
    stage.tell(`  it is answered ${status}, and nothing is kept of it but the attempt`)
  },
]

export const afternoon: readonly Scene[] = [
  async (stage) => {
    const cart = stage.cart(people.pat, [some(1, 'tee', 2000), some(2, 'mug', 1450)])
    ordered(stage, cart, 'and returns the mugs before the payment is even known here')
    const { deliver, world } = stage.twin
    deliver.hold()
    const { charge } = world.pay(cart)
    world.refund(charge, { amount: 2900 })
    deliver.release('reversed')
    await stage.pause(0.5)
    stage.tell(`The card network suspects fraud in order ${cart.orderNumber}`)
    world.warnOfFraud(charge)
  },
  (stage) => {
    const cart = stage.cart(people.zed, [some(10, 'cap', 2200)])
    ordered(stage, cart, 'the card is declined for good')
    stage.twin.world.fail(cart)
  },
  (stage) => {
    const cart = stage.cart(people.mary, [some(1, 'card', 0)])
    ordered(stage, cart)
    stage.twin.world.complete(stage.twin.world.openCheckout(cart), cart)
  },
  async (stage) => {
    const cart = stage.cart(people.lena, [some(2, 'cap', 2200)])
    ordered(stage, cart)
    const { charge } = stage.twin.world.pay(cart)
    await stage.pause(0.5)
    stage.tell(`The cap of order ${cart.orderNumber} is too small: 22.00 USD go back`)
    const refund = stage.twin.world.refund(charge, { amount: 2200 })
    await stage.pause()
    stage.tell(`…but that card is closed: the refund of order ${cart.orderNumber} has failed after all`)
    stage.twin.world.refundFails(refund)
  },
  async (stage) => {
    const cart = stage.cart(people.grace, [some(2, 'poster', 1200)])
    ordered(stage, cart)
    const { charge } = stage.twin.world.pay(cart)
    await stage.pause(0.5)
    stage.tell(`Grace's bank disputes order ${cart.orderNumber}: the money and a fee are withdrawn`)
    const dispute = stage.twin.world.dispute(charge, { reason: 'product_not_received' })
    await stage.pause()
    stage.tell(`The parcel was signed for: the dispute about order ${cart.orderNumber} is won`)
    stage.twin.world.closeDispute(stage.twin.world.respond(dispute), 'won')
  },
  (stage) => {
    const { world } = stage.twin
    const { name = '', email = '' } = people.ben
    stage.tell(`${name}'s club membership is renewed by invoice; nothing has to be shipped for that`)
    // No address: a renewal without one ships nothing.
    const buyer = { name, email }
    const customer = world.customer(buyer).id
    const items = [{ sku: 'CLUB', title: 'Club, one month', quantity: 1, unitAmount: 900 }]
    world.payInvoice(
      world.bill({ customer, currency: 'usd', items, buyer, subscription: world.subscription() }),
    )
  },
  async (stage) => {
    const cart = stage.cart(people.ada, [some(1, 'mug', 1450)])
    ordered(stage, cart)
    const { charge } = stage.twin.world.pay(cart)
    await stage.pause()
    stage.tell(`All of order ${cart.orderNumber} goes back, and no webhook says so`)
    stage.under({ lose: true }, () => stage.twin.world.refund(charge))
  },
  async (stage) => {
    const payout = stage.twin.world.payout()
    stage.tell(`Stripe pays out what it holds: ${money(payout.amount, payout.currency)}`)
    await stage.pause(0.5)
    stage.twin.world.payoutArrives(payout)
  },
]
