import { collected, makeLineItem, makePrice, makeProduct, makeSession } from '../objects/shop.ts'
import type { Charge, Item, PaymentIntent, Resource, Session } from '../types.ts'
import { change, type Ground } from './ground.ts'
import { createIntent, type PaymentRequest, process, succeed, authorize } from './pay.ts'

export type Cart = Omit<PaymentRequest, 'amount' | 'items'> & {
  readonly items: readonly Item[]
  readonly discount?: number
  readonly shipping?: number
  readonly tax?: number
}

/** Lines of sessions, apart from them: the API gives them only when asked. */
export type SessionLines = Map<string, Resource[]>

/** A price and its product for an item: one product a SKU, one price a SKU, currency and amount. */
export function priceOf(ground: Ground, item: Item, currency: string): Resource {
  const products = ground.store.all('product')
  const product =
    products.find((each) => (each.metadata as { sku?: string }).sku === item.sku) ??
    ground.save(makeProduct(ground.making('prod'), item))
  const price = ground.store
    .all('price')
    .find(
      (each) =>
        each.product === product.id && each.currency === currency && each.unit_amount === item.unitAmount,
    )
  return price ?? ground.save(makePrice(ground.making('price'), { product: product.id, currency, item }))
}

/** A buyer opens Checkout. No event: Stripe tells of a session only when it ends. */
export function openSession(ground: Ground, lines: SessionLines, cart: Cart): Session {
  const subtotal = cart.items.reduce((sum, item) => sum + item.unitAmount * item.quantity, 0)
  const { discount = 0, shipping = 0, tax = 0 } = cart
  const session = makeSession(ground.making(ground.livemode ? 'cs_live' : 'cs_test'), {
    currency: cart.currency,
    subtotal,
    discount,
    shipping,
    tax,
    reference: cart.orderNumber ?? null,
    metadata: { ...(cart.orderNumber === undefined ? {} : { order_id: cart.orderNumber }), ...cart.metadata },
    buyer: cart.buyer,
    customer: cart.customer ?? null,
  })
  ground.save(session)
  lines.set(session.id, lineItems(ground, cart, { discount, tax }))
  return session
}

/** Discount and tax go to the first lines that can bear them: Stripe spreads them, and promises only the sums. */
function lineItems(ground: Ground, cart: Cart, left: { discount: number; tax: number }): Resource[] {
  return cart.items.map((item, index) => {
    const discount = Math.min(left.discount, item.unitAmount * item.quantity)
    const tax = index === 0 ? left.tax : 0
    left.discount -= discount
    const price = priceOf(ground, item, cart.currency)
    return ground.save(
      makeLineItem(ground.making('li'), { item, price, currency: cart.currency, discount, tax }),
    )
  })
}

export type Completed = {
  readonly session: Session
  readonly intent?: PaymentIntent
  readonly charge?: Charge
}

/**
 * The buyer pays (card), starts a bank debit (`async`: unpaid until it clears), only authorizes, or has nothing to pay.
 * The events of the payment come first, as at Stripe, then `checkout.session.completed`.
 */
export function completeSession(
  ground: Ground,
  session: Session,
  cart: Cart,
  { isAsync = false }: { isAsync?: boolean } = {},
): Completed {
  if (session.amount_total === 0) {
    change(ground, session, {
      ...collected(cart.buyer),
      status: 'complete',
      payment_status: 'no_payment_required',
      url: null,
    })
    ground.emit('checkout.session.completed', session)
    return { session }
  }
  const { items: _lines, ...rest } = cart
  const intent = createIntent(ground, { ...rest, amount: session.amount_total })
  const attempt = { buyer: cart.buyer, method: cart.method }
  const pay = isAsync ? process : cart.capture === 'manual' ? authorize : succeed
  const charge = pay(ground, intent, attempt)
  change(ground, session, {
    ...collected(cart.buyer),
    status: 'complete',
    payment_status: pay === succeed ? 'paid' : 'unpaid',
    payment_intent: intent.id,
    url: null,
  })
  ground.emit('checkout.session.completed', session)
  return { session, intent, charge }
}

/** Tells a session that its bank debit has cleared or bounced. */
export function settleSession(ground: Ground, session: Session, as: 'succeeded' | 'failed'): Session {
  if (as === 'succeeded') change(ground, session, { payment_status: 'paid' })
  ground.emit(`checkout.session.async_payment_${as}`, session)
  return session
}

/** Nobody paid: the cart is abandoned. */
export function expireSession(ground: Ground, session: Session): Session {
  change(ground, session, { status: 'expired', url: null })
  ground.emit('checkout.session.expired', session)
  return session
}
