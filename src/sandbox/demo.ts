import { adminApi, type Admin, type ShownOrder } from './demo/admin.ts'
import { afternoon, morning, noon } from './demo/day.ts'
import {
  books,
  type Books,
  type Counts,
  counts,
  reconcile,
  type Run,
  rest,
  unknownEvents,
} from './demo/evening.ts'
import { goods } from './demo/people.ts'
import { connection, type Place, type Setting, setUp } from './demo/setting.ts'
import { createStage, money } from './demo/stage.ts'
import { createTerminal, type Terminal } from './demo/terminal.ts'
import { watchOrders } from './demo/watch.ts'

export type DemoOptions = Place & {
  /** Real time between scenes. The default makes the day last about a minute. */
  readonly paceMs?: number
  /** Ends after the day instead of serving until `signal`. */
  readonly isOnce?: boolean
  readonly write: (text: string) => void
  readonly isColoured?: boolean
  /** Ends the demo at the next pause. */
  readonly signal: AbortSignal
}

/** What the day came to, for whoever wants to check it. */
export type DemoResult = {
  readonly orders: readonly ShownOrder[]
  readonly run: Run
  readonly secondRun: Run
  readonly books: Books
  readonly counts: Counts
  /** Events that were never sent, and those of them that the service still does not hold: they tell nothing new. */
  readonly lost: number
  readonly unknownEvents: number
  readonly refusedAtWarehouse: number
  readonly cameToRest: boolean
}

/**
 * A day of a shop that does not exist: the service, a stand-in for Stripe that sends it real signed webhooks (late,
 * lost, doubled, reordered, damaged), a mailbox and a warehouse. Tells on the terminal what happens and what is made
 * of it, reconciles in the evening, and serves until told to end. Undefined when it was told so before the evening.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult | undefined> {
  let begun = Date.now()
  const terminal = createTerminal(options.write, options.isColoured ?? false, () => sinceThen(begun))
  terminal.plain('Starting the service, a stand-in for Stripe, a mailbox and a warehouse …')
  const setting = await setUp(options)
  try {
    const admin = adminApi(setting.url, setting.adminKey)
    for (const { sku, onHand } of Object.values(goods)) {
      await admin.send('PUT', `/inventory/${sku}`, { on_hand: onHand })
    }
    terminal.plain(
      `Ready at ${setting.url} (admin key in ${setting.config.dataDir}/admin-key). The day begins.\n`,
    )
    begun = Date.now()
    const result = await wholeDay({ setting, admin, terminal, options })
    if (result === undefined) return undefined
    farewell(terminal, setting, result.orders)
    if (options.isOnce !== true && !options.signal.aborted) {
      terminal.plain('\nServing until Ctrl-C.')
      await new Promise((resolve) => options.signal.addEventListener('abort', resolve, { once: true }))
    }
    return result
  } finally {
    await setting.stop()
  }
}

type Scenery = {
  readonly setting: Setting
  readonly admin: Admin
  readonly terminal: Terminal
  readonly options: DemoOptions
}

async function wholeDay(given: Scenery): Promise<DemoResult | undefined> {
  const { admin, terminal, options } = given
  const since = new Date().toISOString()
  const watch = watchOrders(admin, terminal.effect)
  try {
    await playDay(given)
    return options.signal.aborted ? undefined : await evening({ ...given, since, signal: options.signal })
  } finally {
    await watch.stop()
  }
}

async function playDay(given: Scenery): Promise<void> {
  const { setting, terminal, options } = given
  const stage = createStage({
    twin: setting.twin,
    firstNumber: setting.runNumber * 1000 + 1,
    paceMs: options.paceMs ?? 1900,
    tell: terminal.story,
    signal: options.signal,
  })
  for (const scene of [...morning, ...noon, ...afternoon]) {
    if (options.signal.aborted) break
    await scene(stage)
    await stage.pause()
  }
  await setting.twin.deliver.settled()
  await rest(given.admin, options.signal)
}

async function evening(given: {
  setting: Setting
  admin: Admin
  terminal: Terminal
  since: string
  signal: AbortSignal
}): Promise<DemoResult> {
  const { setting, admin, terminal, signal } = given
  const lost = setting.twin.deliver.lost.size
  terminal.heading('Evening: what never arrived')
  terminal.plain(
    `  Stripe has ${setting.twin.world.events().length} events of today; ${lost} of them were never sent here.`,
  )
  const { run, findings } = await reconcile(admin, connection, signal)
  terminal.plain(
    `  A reconciliation read ${run.scanned} things, found ${run.found} and repaired ${run.repaired} (${run.status}):`,
  )
  for (const { kind, resource, repair } of findings.slice(0, 12)) {
    terminal.plain(`    ${kind} ${resource.kind} ${resource.id}: ${repair}`)
  }
  if (findings.length > 12) terminal.plain(`    … and ${findings.length - 12} more`)
  const cameToRest = await rest(admin, signal)
  const { run: secondRun } = await reconcile(admin, connection, signal)
  const unknown = await unknownEvents(admin, setting.twin)
  terminal.plain(
    `  Of the ${lost} lost events ${lost - unknown} are stored now; ${unknown} would have told nothing new.`,
  )
  terminal.plain(`  A second one straight after found ${secondRun.found}.`)
  // Asked afresh: an order may have got its number, or proved to be another one, since it was first told of.
  const { data: orders } = await admin.get<{ data: ShownOrder[] }>(
    `/orders?limit=200&updated_since=${given.since}`,
  )
  const result = {
    orders,
    run,
    secondRun,
    lost,
    cameToRest,
    books: await books(admin),
    counts: counts({ mailbox: setting.mailbox, warehouse: setting.warehouse, orders }),
    unknownEvents: unknown,
    refusedAtWarehouse: setting.warehouse.refused,
  }
  accountFor(terminal, setting, result)
  return result
}

function accountFor(terminal: Terminal, setting: Setting, { books, counts, orders }: DemoResult): void {
  terminal.heading('The books')
  const rows = books.lines.map(({ account, debit, credit, balance, currency }) => [
    account,
    debit.amount,
    credit.amount,
    balance.amount,
    currency,
  ])
  terminal.table([['account', 'debit', 'credit', 'balance', ''], ...rows])
  terminal.plain(`  Debits and credits are ${books.isBalanced ? 'equal in every currency' : 'NOT EQUAL'}.`)
  terminal.plain(
    `  Stripe itself says that it holds ${money(setting.twin.world.balance(), 'usd')} for the shop.`,
  )
  terminal.heading('What left the house')
  const held = orders.filter((order) => order.needs_review.some(({ holds }) => holds)).length
  terminal.plain(
    `  orders     ${counts.orders}, ${counts.paid} of them paid for, ${held} held until a person has looked`,
  )
  terminal.plain(
    `  mailbox    ${counts.receipts} receipts, ${counts.refundNotices} refund notices, ${counts.doubledMails} sent twice`,
  )
  terminal.plain(
    `  warehouse  ${counts.requested} requests, ${counts.cancelled} cancellations, ${counts.doubledRequests} asked twice, ` +
      `${setting.warehouse.refused} with a wrong signature`,
  )
}

function farewell(terminal: Terminal, setting: Setting, orders: readonly ShownOrder[]): void {
  const order = orders.find((each) => each.payment_status === 'partially_refunded') ?? orders[0]
  if (order === undefined) return
  const curl = (path: string) =>
    `  curl -s -H "Authorization: Bearer $(cat '${setting.config.dataDir}/admin-key')" ${setting.url}/api/v1${path}`
  terminal.heading(`Look at order ${order.number}`)
  terminal.plain(curl(`/orders/${order.id}`))
  terminal.plain(curl(`/orders/${order.id}/history`))
  terminal.plain(curl(`/orders/${order.id}/effects`))
  terminal.plain(curl(`/orders/${order.id}/ledger`))
  terminal.plain(
    `  or open ${setting.url}/admin and sign in with the key in ${setting.config.dataDir}/admin-key`,
  )
}

function sinceThen(begun: number): string {
  const seconds = Math.floor((Date.now() - begun) / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}
