import type { KnownFact, LineItem } from '../../src/core/fact.ts'
import { splitByWeight } from '../../src/core/money.ts'
import { charge, dispute, type FactOptions, intent, refund, say } from './factory.ts'

/**
 * Lives of orders as sets of facts: what a provider would come to say about one purchase from its first attempt to its
 * payout, with the truth that they were made from. Every part may be missing, as it is while a life goes on.
 */
export type Life = {
  readonly facts: readonly KnownFact[]
  readonly currency: string
  readonly truth: {
    readonly orderedMinor: bigint
    readonly capturedMinor: bigint
    readonly refundedMinor: bigint
    readonly returnedMinor: bigint
    /** What the provider's balance changed by, per settlement currency: the sum of its lines' nets. */
    readonly balance: ReadonlyMap<string, bigint>
  }
}

/** What is drawn for a life; `told` makes facts of it. */
export type Plan = {
  readonly currency: string
  readonly settlement: string
  readonly rate: number // settled units per 1000 of the order's
  readonly prices: readonly {
    readonly price: bigint
    readonly quantity: number
    readonly isPriced: boolean
  }[]
  readonly discount: bigint
  readonly shipping: bigint
  readonly tax: bigint
  readonly knowsComponents: boolean
  readonly failures: number
  readonly capture: 'none' | 'pending' | 'authorized' | 'whole' | 'part' | 'two' | 'double' | 'grown'
  readonly refunds: readonly {
    readonly thousandths: number
    readonly state: 'pending' | 'succeeded' | 'failed' | 'canceled'
    readonly isTotalOnly: boolean
  }[]
  readonly dispute: 'none' | 'inquiry' | 'open' | 'won' | 'lost' | 'won_after_lost'
  readonly isReturned: boolean
  readonly end: 'none' | 'cancelled' | 'voided' | 'expired'
  readonly shipped: 'none' | 'part' | 'whole'
  readonly warning: 'none' | 'open' | 'closed'
  readonly isResolved: boolean
  /** A gift card among the goods, or a third of the price paid with one. */
  readonly giftCard: 'none' | 'sold' | 'tender'
  readonly reserve: 'none' | 'held' | 'released'
  readonly payout: 'paid' | 'under_way' | 'failed'
}

/** Tells a plan as the provider would, hour by hour, and keeps the truth beside it. */
export class Story {
  readonly #plan: Plan
  readonly #facts: KnownFact[] = []
  readonly #balance = new Map<string, bigint>()
  #hour = 0
  #captured = 0n
  #refunded = 0n
  #returned = 0n
  #lines = 0

  constructor(plan: Plan) {
    this.#plan = plan
  }

  told(): Life {
    const ordered = this.#order()
    this.#attempts(ordered)
    this.#capture(ordered)
    if (this.#captured > 0n) {
      this.#refunds()
      this.#dispute()
      this.#return()
      this.#reserve()
    }
    this.#goods()
    this.#endings()
    this.#payout()
    const { currency } = this.#plan
    const truth = {
      orderedMinor: ordered,
      capturedMinor: this.#captured,
      refundedMinor: this.#refunded,
      returnedMinor: this.#returned,
      balance: this.#balance,
    }
    return { facts: this.#facts, currency, truth }
  }

  #say(one: KnownFact): void {
    this.#facts.push(one)
  }

  #now(): FactOptions {
    this.#hour += 1
    return { at: this.#hour }
  }

  #of(amountMinor: bigint) {
    return { amountMinor, currency: this.#plan.currency }
  }

  /** The checkout: total, lines, components, people. Returns what the buyer owes. */
  #order(): bigint {
    const { prices, currency, discount, shipping, tax, knowsComponents, giftCard } = this.#plan
    const goods = prices.reduce((sum, { price, quantity }) => sum + price * BigInt(quantity), 0n)
    const reduction = discount < goods ? discount : 0n
    const ordered = goods === 0n ? 5_000n : goods - reduction + shipping + tax
    this.#say(say.placed(this.#now()))
    this.#say(say.numbered('1001', 0))
    this.#say(say.numbered('pi_1', 100, { on: intent() }))
    this.#say(say.total(this.#of(ordered), 'session', this.#now()))
    this.#say(say.total(this.#of(ordered + 7n), 'intent', { on: intent() }))
    this.#say(say.started(this.#of(ordered), this.#now()))
    const lines: LineItem[] = prices.map(({ price, quantity, isPriced }, index) => ({
      id: `li_${index}`,
      sku: `SKU-${index}`,
      quantity,
      ...(isPriced ? { unitPriceMinor: price } : {}),
      ...(giftCard === 'sold' && index === 0 ? { isGiftCard: true } : {}),
    }))
    if (lines.length > 0) this.#say(say.lines(lines, 'session', { currency }))
    if (knowsComponents && goods > 0n) {
      const taxes = tax > 0n ? { taxes: [{ jurisdiction: 'XX', amountMinor: tax }] } : {}
      this.#say(
        say.components(
          {
            subtotalMinor: goods,
            discountMinor: reduction,
            shippingMinor: shipping,
            taxMinor: tax,
            taxIncluded: false,
            ...taxes,
          },
          { currency },
        ),
      )
    }
    this.#say(say.customer())
    this.#say(say.shipping())
    return ordered
  }

  #attempts(ordered: bigint): void {
    for (let index = 0; index < this.#plan.failures; index += 1) {
      const on = charge(`ch_f${index}`)
      this.#say(say.attempt('payment_pending', this.#of(ordered), { on, intentId: 'pi_1', ...this.#now() }))
      this.#say(say.attempt('payment_failed', this.#of(ordered), { on, intentId: 'pi_1', ...this.#now() }))
    }
  }

  #capture(ordered: bigint): void {
    const { capture } = this.#plan
    if (capture === 'none') return
    if (capture === 'pending') {
      this.#say(say.attempt('payment_pending', this.#of(ordered), { intentId: 'pi_1', ...this.#now() }))
      return
    }
    if (capture !== 'double')
      this.#say(say.authorized(this.#of(ordered), { intentId: 'pi_1', ...this.#now() }))
    if (capture === 'authorized') return
    const half = ordered / 2n > 0n ? ordered / 2n : ordered
    if (capture === 'whole') this.#take('ch_1', ordered - this.#redeem(ordered))
    if (capture === 'double') this.#take('ch_1', ordered)
    if (capture === 'double') this.#take('ch_2', ordered)
    if (capture === 'part') this.#take('ch_1', half)
    if (capture === 'two') {
      this.#take('ch_1', half)
      this.#take('ch_2', ordered - half > 0n ? ordered - half : 1n)
    }
    if (capture === 'grown') {
      this.#say(say.captured(this.#of(half), { intentId: 'pi_1', ...this.#now() }))
      this.#take('ch_1', ordered)
    }
  }

  /** What a gift card pays of an order: money that no provider holds. */
  #redeem(ordered: bigint): bigint {
    const amountMinor = this.#plan.giftCard === 'tender' ? ordered / 3n : 0n
    if (amountMinor === 0n) return 0n
    const on = { kind: 'transaction', id: 'gc_1' } as const
    this.#say(say.captured(this.#of(amountMinor), { on, tender: 'gift_card', ...this.#now() }))
    this.#captured += amountMinor
    return amountMinor
  }

  #take(id: string, amountMinor: bigint): void {
    this.#say(
      say.captured(this.#of(amountMinor), {
        on: charge(id),
        intentId: id === 'ch_1' ? 'pi_1' : 'pi_2',
        ...this.#now(),
      }),
    )
    this.#captured += amountMinor
    this.#line('charge', this.#settled(amountMinor), amountMinor / 50n, { of: charge(id) })
  }

  /** An amount as the provider settled it: its own where the currency is the same. */
  #settled(amountMinor: bigint): bigint {
    const { currency, settlement, rate } = this.#plan
    if (currency === settlement) return amountMinor
    const settled = (amountMinor * BigInt(rate)) / 1000n
    return settled === 0n ? (amountMinor > 0n ? 1n : -1n) : settled
  }

  #line(
    category: string,
    amountMinor: bigint,
    feeMinor: bigint,
    options: { of?: ReturnType<typeof charge> } = {},
  ): void {
    const { settlement } = this.#plan
    this.#lines += 1
    this.#say(
      say.line(
        `txn_${this.#lines}`,
        category,
        { amountMinor, feeMinor, currency: settlement },
        { ...options, payout: 'po_1', ...this.#now() },
      ),
    )
    this.#balance.set(settlement, (this.#balance.get(settlement) ?? 0n) + amountMinor - feeMinor)
  }

  #refunds(): void {
    this.#plan.refunds.forEach(({ thousandths, state, isTotalOnly }, index) => {
      const amountMinor = (this.#firstCharge() * BigInt(thousandths)) / 1000n
      if (amountMinor === 0n) return
      const options = { id: `re_${index}` }
      const counted = state === 'pending' || state === 'succeeded'
      if (isTotalOnly && counted && index === 0) {
        this.#say(say.refundsTotal(this.#of(amountMinor), this.#now()))
        this.#say(say.refund('pending', this.#of(amountMinor), { ...options, ...this.#now() }))
      }
      this.#say(say.refund('pending', this.#of(amountMinor), { ...options, ...this.#now() }))
      if (state !== 'pending')
        this.#say(say.refund('succeeded', this.#of(amountMinor), { ...options, ...this.#now() }))
      if (state === 'failed' || state === 'canceled')
        this.#say(say.refund(state, this.#of(amountMinor), { ...options, ...this.#now() }))
      if (counted) this.#refunded += amountMinor
      if (state === 'pending') return
      this.#say(say.refundMoved('refund_moved', this.#of(amountMinor), { ...options, ...this.#now() }))
      this.#line(
        'refund',
        -this.#settled(amountMinor) - (this.#plan.currency === this.#plan.settlement ? 0n : 3n),
        0n,
        { of: refund(`re_${index}`) },
      )
      if (state === 'succeeded') return
      this.#say(say.refundMoved('refund_returned', this.#of(amountMinor), { ...options, ...this.#now() }))
      this.#line('refund_failure', this.#settled(amountMinor), 0n, { of: refund(`re_${index}`) })
    })
  }

  #firstCharge(): bigint {
    const first = this.#facts.findLast((one) => one.kind === 'payment_captured' && one.subject.id === 'ch_1')
    return first?.kind === 'payment_captured' ? first.data.amountMinor : 0n
  }

  #dispute(): void {
    const kind = this.#plan.dispute
    if (kind === 'none') return
    const amountMinor = this.#firstCharge()
    const tell = (state: Parameters<typeof say.dispute>[0]) =>
      this.#say(say.dispute(state, this.#of(amountMinor), this.#now()))
    tell(kind === 'inquiry' ? 'inquiry' : 'open')
    if (kind === 'inquiry') return
    this.#line('dispute', -this.#settled(amountMinor), 15n, { of: dispute() })
    if (kind === 'lost' || kind === 'won_after_lost') tell('lost')
    if (kind === 'won' || kind === 'won_after_lost') {
      tell('won')
      this.#line('dispute_reversal', this.#settled(amountMinor), 0n, { of: dispute() })
    }
  }

  #return(): void {
    if (!this.#plan.isReturned || this.#plan.capture === 'grown') return
    const amountMinor = this.#firstCharge()
    this.#say(say.attempt('payment_returned', this.#of(amountMinor), { intentId: 'pi_1', ...this.#now() }))
    this.#returned += amountMinor
    this.#line('charge_failure', -this.#settled(amountMinor), 2n, { of: charge() })
  }

  #goods(): void {
    const { shipped, prices, warning } = this.#plan
    if (warning !== 'none') this.#say(say.warned(true, this.#now()))
    if (warning === 'closed') this.#say(say.warned(false, this.#now()))
    if (shipped === 'none' || prices.length === 0) return
    const lines = prices.map(({ quantity }, index) => ({
      lineId: `li_${index}`,
      quantity: shipped === 'part' ? 1 : quantity,
    }))
    this.#say(say.shipped(lines, this.#now()))
  }

  #endings(): void {
    const { end, capture, isResolved } = this.#plan
    if (end === 'cancelled') this.#say(say.cancelled(this.#now()))
    if (end === 'voided' && (capture === 'none' || capture === 'authorized'))
      this.#say(say.voided({ on: intent(), ...this.#now() }))
    if (end === 'expired' && capture === 'none') this.#say(say.expired(this.#now()))
    if (isResolved)
      this.#say(say.resolved('amount_mismatch', `${this.#captured}/${this.#captured * 2n}`, this.#now()))
    if (isResolved) this.#say(say.released(this.#now()))
  }

  /** Some of the balance is kept back for a while: it is the provider's to hold, and ours all the same. */
  #reserve(): void {
    if (this.#plan.reserve === 'none') return
    this.#line('risk_reserved_funds', -100n, 0n)
    if (this.#plan.reserve === 'released') this.#line('risk_reserved_funds', 100n, 0n)
  }

  /** Half of what the balance holds leaves, so that clearing is what remains; it comes back where the bank refuses it. */
  #payout(): void {
    const { settlement } = this.#plan
    const held = this.#balance.get(settlement) ?? 0n
    if (held === 0n) return
    const amountMinor = splitByWeight(held, [1n, 1n])[0]!
    if (amountMinor === 0n) return
    this.#say(say.payout('in_transit', { amountMinor, currency: settlement }, { at: 500 }))
    const { payout } = this.#plan
    if (payout !== 'under_way')
      this.#say(say.payout('paid', { amountMinor, currency: settlement }, { at: 500 }))
    if (payout === 'failed')
      this.#say(say.payout('failed', { amountMinor, currency: settlement }, { at: 520 }))
    else this.#balance.set(settlement, held - amountMinor)
  }
}
