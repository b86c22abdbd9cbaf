import { setTimeout as delay } from 'node:timers/promises'
import type { Mailbox } from '../mailbox.ts'
import type { Twin } from '../index.ts'
import type { Warehouse, WarehouseRequest } from '../warehouse.ts'
import { type Admin, type Amount, isSome, type ShownOrder } from './admin.ts'

/** How long the evening waits for the service to come to rest, before it says that it has not. */
const restMs = 30_000

/** True when nothing can be worked on any more; false when that took too long. */
export async function rest(admin: Admin, signal: AbortSignal): Promise<boolean> {
  const end = Date.now() + restMs
  let quiet = 0
  while (Date.now() < end && !signal.aborted) {
    const { idle } = await admin.get<{ idle: boolean }>('/status')
    quiet = idle ? quiet + 1 : 0
    if (quiet === 3) return true
    await delay(100)
  }
  return false
}

export type Run = {
  readonly id: string
  readonly status: string
  readonly scanned: number
  readonly found: number
  readonly repaired: number
}
type Finding = {
  readonly kind: string
  readonly resource: { readonly kind: string; readonly id: string }
  readonly repair: string
}

/** One reconciliation of the demo's connection, to its end; with what it found. */
export async function reconcile(
  admin: Admin,
  connection: string,
  signal: AbortSignal,
): Promise<{ run: Run; findings: Finding[] }> {
  const { id } = await admin.send<{ id: string }>('POST', '/reconciliations', { connection })
  const end = Date.now() + restMs * 2
  for (;;) {
    const run = await admin.get<Run>(`/reconciliations/${id}`)
    if (run.status === 'completed' || run.status === 'failed' || Date.now() > end || signal.aborted) {
      const { data } = await admin.get<{ data: Finding[] }>(`/reconciliations/${id}/findings?limit=200`)
      return { run, findings: data }
    }
    await delay(200)
  }
}

export type BooksLine = {
  readonly account: string
  readonly currency: string
  readonly debit: Amount
  readonly credit: Amount
  readonly balance: Amount
}
export type Books = { readonly lines: readonly BooksLine[]; readonly isBalanced: boolean }

/** The trial balance, and whether debits and credits are the same in every currency. */
export async function books(admin: Admin): Promise<Books> {
  const { data: lines } = await admin.get<{ data: BooksLine[] }>('/ledger/trial-balance')
  const sums = new Map<string, bigint>()
  for (const { currency, debit, credit } of lines) {
    sums.set(currency, (sums.get(currency) ?? 0n) + minor(debit) - minor(credit))
  }
  return { lines, isBalanced: [...sums.values()].every((sum) => sum === 0n) }
}

/** Digits of a decimal string: all amounts of one currency have the same decimals, so sums of digits compare. */
const minor = ({ amount }: Amount) => BigInt(amount.replace('.', ''))

export type Counts = {
  readonly orders: number
  /** Orders of which something was captured. */
  readonly paid: number
  readonly receipts: number
  /** Numbers of those without a receipt; none is due where the bank took the money back before it went. */
  readonly unreceipted: readonly string[]
  readonly refundNotices: number
  /** Mails beyond the first with one Message-ID. */
  readonly doubledMails: number
  readonly requested: number
  readonly cancelled: number
  /** Requests for what was asked for already. */
  readonly doubledRequests: number
}

/** What arrived at the mailbox and the warehouse, counted there and not by the service. */
export function counts(given: {
  mailbox: Mailbox
  warehouse: Warehouse
  orders: readonly ShownOrder[]
}): Counts {
  const { mails } = given.mailbox
  const kind = (name: string) => mails.filter((mail) => mail.headers.get('x-ordersync-kind') === name)
  const receipts = kind('receipt').map(({ subject }) => subject)
  const paid = given.orders.filter(({ totals }) => isSome(totals.captured))
  const requests = [...given.warehouse.requests.values()]
  const typed = (type: string) => requests.filter((request) => request.type === type)
  const requested = typed('fulfillment.requested')
  return {
    orders: given.orders.length,
    paid: paid.length,
    receipts: receipts.length,
    unreceipted: paid
      .filter((order) => order.payment_status !== 'failed')
      .flatMap(({ number }) => (receipts.some((subject) => subject.endsWith(` ${number}`)) ? [] : [number])),
    refundNotices: kind('refund').length,
    doubledMails: mails.length - new Set(mails.map((mail) => mail.headers.get('message-id'))).size,
    requested: requested.length,
    cancelled: typed('fulfillment.cancelled').length,
    doubledRequests: doubled(requested, typed('fulfillment.cancelled')),
  }
}

/** Requests beyond the one that an order may have open: after a cancellation one more is right. */
function doubled(requested: readonly WarehouseRequest[], cancelled: readonly WarehouseRequest[]): number {
  const open = new Map<string, number>()
  const count = (requests: readonly WarehouseRequest[], by: number) => {
    for (const { data } of requests)
      open.set(String(data.order_id), (open.get(String(data.order_id)) ?? 0) + by)
  }
  count(requested, 1)
  count(cancelled, -1)
  return [...open.values()].reduce((sum, left) => sum + Math.max(0, left - 1), 0)
}

/** How many of Stripe's events the service does not hold, as the twin and the admin API see it. */
export async function unknownEvents(admin: Admin, twin: Twin): Promise<number> {
  const known = new Set<string>()
  let cursor: string | null = ''
  while (cursor !== null) {
    type Page = { data: { provider_event_id: string }[]; next_cursor: string | null }
    const page: Page = await admin.get(
      `/events?limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    )
    for (const event of page.data) known.add(event.provider_event_id)
    cursor = page.next_cursor
  }
  return twin.world.events().filter((event) => !known.has(event.id)).length
}
