import { setTimeout as delay } from 'node:timers/promises'
import { type Admin, type Amount, isSome, type ShownOrder } from './admin.ts'

/** How often the orders are asked for: often enough that a reader sees cause and effect together. */
const everyMs = 250

export type Watch = { stop(): Promise<void> }

/** Tells each change of an order once, in one line, as soon as the admin API shows it. */
export function watchOrders(admin: Admin, tell: (text: string) => void): Watch {
  const told = new Map<string, string>()
  const stopping = new AbortController()
  let since = new Date(Date.now() - 1000).toISOString()

  async function look(): Promise<void> {
    // From a little before the last look, since two orders may have changed in one instant.
    const asked = new Date(Date.now() - 2000).toISOString()
    const { data } = await admin.get<{ data: ShownOrder[] }>(`/orders?limit=200&updated_since=${since}`)
    since = asked
    for (const order of data.toReversed()) {
      const line = describe(order)
      if (told.get(order.id) === line) continue
      told.set(order.id, line)
      tell(`order ${order.number}: ${line}`)
    }
  }

  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch((error: Error) => tell(`(the admin API did not answer: ${error.message})`))
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
    await look().catch(() => {})
  })()
  return {
    async stop() {
      stopping.abort()
      await watching
    },
  }
}

const print = ({ amount, currency }: Amount) => `${amount} ${currency}`

/** What an order has come to, in one line. */
export function describe(order: ShownOrder): string {
  const { totals } = order
  const parts = [order.payment_status.replaceAll('_', ' ')]
  const figures = {
    captured: 'captured',
    authorized: 'authorized',
    refunded: 'refunded',
    returned: 'taken back',
    disputed: 'disputed',
    fees: 'fees',
  }
  for (const [name, word] of Object.entries(figures)) {
    const amount = totals[name]
    if (isSome(amount)) parts.push(`${word} ${print(amount!)}`)
  }
  if (order.fulfillment_status !== 'unfulfilled')
    parts.push(`fulfillment ${order.fulfillment_status.replaceAll('_', ' ')}`)
  if (order.dispute_status !== 'none') parts.push(`dispute ${order.dispute_status}`)
  const reviews = order.needs_review.map(
    ({ code, holds }) => `${code.replaceAll('_', ' ')}${holds ? ' (held)' : ''}`,
  )
  if (reviews.length > 0) parts.push(`for a person: ${reviews.join(', ')}`)
  return parts.join(' · ')
}
