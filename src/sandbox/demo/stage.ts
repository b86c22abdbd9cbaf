import { setTimeout as delay } from 'node:timers/promises'
import { printMajor } from '../stripe/currency.ts'
import type { Buyer, Item } from '../stripe/types.ts'
import type { Purchase } from '../stripe/world.ts'
import type { Fate } from '../deliver.ts'
import type { Twin } from '../index.ts'

/** What a scene can do: move the world, choose what becomes of its webhooks, and tell the reader. */
export type Stage = {
  readonly twin: Twin
  /** The number of the next order, as the shop would give it. */
  nextNumber(): string
  /** A line of the story. */
  tell(text: string): void
  /** Webhooks of what `step` does meet with this fate; the others are as ever. */
  under<T>(fate: Fate, step: () => T): T
  /** A purchase of these lines, numbered. */
  cart(
    buyer: Buyer,
    items: readonly Item[],
    more?: Partial<Purchase>,
  ): Purchase & { items: readonly Item[]; orderNumber: string }
  /** Part of the pace between scenes. */
  pause(share?: number): Promise<void>
}

export function createStage(given: {
  twin: Twin
  firstNumber: number
  paceMs: number
  tell: (text: string) => void
  signal: AbortSignal
}): Stage {
  let next = given.firstNumber
  const stage: Stage = {
    twin: given.twin,
    nextNumber: () => String(next++),
    tell: given.tell,
    under(fate, step) {
      given.twin.deliver.fate = () => fate
      try {
        return step()
      } finally {
        given.twin.deliver.fate = undefined
      }
    },
    cart(buyer, items, more = {}) {
      const { discount = 0, shipping = 0, tax = 0 } = more
      const amount =
        items.reduce((sum, item) => sum + item.quantity * item.unitAmount, 0) - discount + shipping + tax
      return {
        currency: 'usd',
        amount,
        buyer,
        items,
        orderNumber: more.orderNumber ?? stage.nextNumber(),
        ...more,
      }
    },
    pause: (share = 1) => delay(given.paceMs * share, undefined, { signal: given.signal }).catch(() => {}),
  }
  return stage
}

/** `40.80 USD`, from Stripe's minor units. */
export const money = (amount: number, currency: string) =>
  `${printMajor(amount, currency)} ${currency.toUpperCase()}`

/** `2 × T-shirt, medium and 1 × Mug` */
export const listed = (items: readonly Item[]) =>
  items.map(({ quantity, title, sku }) => `${quantity} × ${title ?? sku}`).join(' and ')
