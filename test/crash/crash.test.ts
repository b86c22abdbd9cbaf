import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { testDatabase } from '../support/database.ts'
import { lifo } from '../support/lifo.ts'
import { freePort } from '../support/port.ts'
import {
  chargeOf,
  intentOf,
  post,
  refundOf,
  type Sale,
  type StripeEvent,
  stripeEvent,
} from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'
import { killStarted, type Plan, type Service, startService } from './service.ts'
import { type Recorders, startRecorders } from './sinks.ts'

const secret = 'whsec_crash_test_secret_0123456789abcdef'
const adminKey = 'crash-test-admin-key-0123456789abcdef0123'
const killsWanted = Number(process.env.ORDERSYNC_CRASH_KILLS ?? 200)
const salesPerKill = 3

/** Where the service is killed; each label in turn, at a hit that the seed picks. */
const labels = process.env.ORDERSYNC_CRASH_LABELS?.split(',') ?? [
  'receive.before_verify',
  'receive.after_verify',
  'receive.before_insert',
  'receive.after_insert_before_commit',
  'receive.after_commit_before_answer',
  'receive.after_answer',
  'process.after_fetch',
  'process.after_normalize',
  'process.after_lock',
  'process.after_fold',
  'process.after_facts',
  'process.after_effects',
  'process.after_journal',
  'process.after_chain',
  'process.before_commit',
  'process.after_commit',
  'perform.after_claim',
  'perform.after_performing_commit',
  'perform.before_call',
  'perform.after_call_sent',
  'perform.after_call_answered',
  'perform.before_done_commit',
  'perform.after_done_commit',
  'smtp.after_mail_from',
  'smtp.before_final_dot',
  'smtp.after_final_dot',
  'smtp.after_250',
]

test(`nothing is lost or done twice across ${killsWanted} kills at labelled points`, {
  timeout: 900_000,
}, async (t) => {
  const seed = Number(process.env.FC_SEED ?? 20_261_125)
  t.diagnostic(`seed ${seed}`)
  // Two worlds side by side: most of a start is waiting, and two cores are there.
  const worlds = await Promise.all([openWorld(t), openWorld(t)])
  const kills = new Map<string, number>()
  await Promise.all(
    worlds.map((world, index) => killAgainAndAgain(world, mulberry(seed + index), index, kills)),
  )
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0)
  const killed = sum(kills.values())
  t.diagnostic(`killed ${killed} times at ${kills.size} points`)
  t.diagnostic(
    `${sum(worlds.map((w) => w.sales.length))} sales, ${sum(worlds.map((w) => w.acknowledged.size))} deliveries acknowledged`,
  )
  const missed = labels.filter((label) => !kills.has(label))
  assert.deepEqual(missed, [], 'every labelled point was really hit')
  for (const world of worlds) await judge(t, world)
})

async function killAgainAndAgain(
  world: World,
  random: () => number,
  offset: number,
  kills: Map<string, number>,
): Promise<void> {
  let killed = 0
  for (let round = offset; killed < killsWanted / 2; round += 1) {
    assert.ok(
      round < killsWanted * 2,
      `only ${killed} of ${round} starts were killed: ${JSON.stringify([...kills])}`,
    )
    const label = labels[round % labels.length]!
    const plan: Plan = { label, hit: random() < 0.8 ? 1 : 2 }
    if (!(await oneLife(world, plan))) continue
    killed += 1
    kills.set(label, (kills.get(label) ?? 0) + 1)
  }
}

type World = {
  readonly env: Record<string, string>
  readonly port: number
  readonly recorders: Recorders
  readonly sales: Sale[]
  readonly acknowledged: Map<string, StripeEvent>
  unsent: StripeEvent[]
}

async function openWorld(context: TestContext): Promise<World> {
  const t = lifo(context) // the service, then its sinks, then its database
  const { url } = await testDatabase(t)
  const recorders = await startRecorders()
  t.after(() => recorders.close())
  const folder = mkdtempSync(join(tmpdir(), 'ordersync-crash-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const config = {
    connections: [
      {
        id: 'stripe-test',
        provider: 'stripe',
        mode: 'test',
        speaksFor: ['order', 'payment'],
        webhookSecrets: [secret],
      },
    ],
    sinks: {
      inventory: { kind: 'internal' },
      accounting: { kind: 'internal', baseCurrency: 'USD' },
      receipt: { smtpUrl: recorders.smtpUrl, from: 'Shop <shop@shop.example>' },
      fulfillment: { url: recorders.warehouseUrl, secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
      notify: {
        slackWebhookUrl: recorders.slackUrl,
        mail: { smtpUrl: recorders.smtpUrl, from: 'Shop <shop@shop.example>', to: ['ops@shop.example'] },
      },
      outgoing: [
        {
          url: recorders.appUrl,
          secret: `whsec_${Buffer.alloc(32, 8).toString('base64')}`,
          events: ['order.paid', 'order.refunded'],
        },
      ],
    },
    security: { allowPrivateTargets: true },
  }
  writeFileSync(join(folder, 'ordersync.json'), JSON.stringify(config))
  const env = {
    DATABASE_URL: url,
    ORDERSYNC_CONFIG: join(folder, 'ordersync.json'),
    ORDERSYNC_DATA_DIR: join(folder, 'data'),
    ORDERSYNC_ADMIN_KEY: adminKey,
    LOG_LEVEL: 'warn',
  }
  t.after(killStarted)
  const world: World = {
    env,
    port: await freePort(),
    recorders,
    sales: [],
    acknowledged: new Map(),
    unsent: [],
  }
  const service = await startService(env, world.port, undefined)
  assert.ok(service, 'the first start')
  const response = await api(service, 'PUT', '/inventory/TEE-M', { on_hand: 100_000 })
  assert.equal(response.status, 200)
  await service.kill('SIGTERM')
  return world
}

/** One start: sends what is unsent and some new sales until the planned kill, or until all is quiet. True when killed. */
async function oneLife(world: World, plan: Plan): Promise<boolean> {
  const service = await startService(world.env, world.port, plan)
  if (service === undefined) return true
  for (let i = 0; i < salesPerKill; i += 1) world.unsent.push(...eventsOfSale(world))
  let hasEnded = false
  void service.ended.then(() => {
    hasEnded = true
  })
  await Promise.all(world.unsent.map((event) => deliver(world, service, event)))
  world.unsent = world.unsent.filter((event) => !world.acknowledged.has(event.id))
  // A second hit may never come: what is left waits for a lease or a heartbeat of a process that was killed before.
  await until('the planned kill, or quiet', async () => hasEnded || (await isIdle(service)), {
    deadlineMs: 4_000,
  }).catch(() => {})
  if (hasEnded || (await Promise.race([service.ended.then(() => true), Promise.resolve(false)])))
    return (await service.ended) === 'SIGKILL'
  await service.kill('SIGKILL')
  return false
}

async function deliver(world: World, service: Service, event: StripeEvent): Promise<void> {
  const answer = await post(`${service.url}/webhooks/stripe/stripe-test`, event, secret)
  if (answer === undefined) return
  assert.ok(answer.status === 200 || answer.status === 503, `a genuine delivery got ${answer.status}`)
  if (answer.status === 200) world.acknowledged.set(event.id, event)
}

function eventsOfSale(world: World): StripeEvent[] {
  const n = `crash${world.sales.length + 1}`
  const sale: Sale = { n, items: [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40' }] }
  world.sales.push(sale)
  const events = [
    stripeEvent(`evt_${n}_charge`, 'charge.succeeded', chargeOf(sale)),
    stripeEvent(`evt_${n}_intent`, 'payment_intent.succeeded', intentOf(sale)),
  ]
  if (world.sales.length % 3 === 0)
    events.push(stripeEvent(`evt_${n}_refund`, 'refund.created', refundOf(sale, 1000)))
  // One that came back is news for the team, and changes no figure.
  if (world.sales.length % 4 === 0)
    events.push(stripeEvent(`evt_${n}_failed`, 'refund.failed', refundOf(sale, 500, cameBack(n))))
  return world.sales.length % 2 === 0 ? events.reverse() : events
}

function cameBack(n: string): object {
  const lines = { balance_transaction: `txn_gone_${n}`, failure_balance_transaction: `txn_back_${n}` }
  return { id: `re_${n}_failed`, status: 'failed', ...lines }
}

async function judge(t: TestContext, world: World): Promise<void> {
  const service = await startService(world.env, world.port, undefined)
  assert.ok(service)
  await Promise.all(world.unsent.map((event) => deliver(world, service, event)))
  await until('all is quiet and done', async () => (await isIdle(service)) && (await isNothingDue(service)), {
    deadlineMs: 120_000,
  })

  for (const [id, event] of world.acknowledged) {
    const list = await api(service, 'GET', `/events?provider_event_id=${id}`)
    assert.equal(list.body.data.length, 1, `acknowledged ${id} is stored once`)
    const raw: Response = await fetch(`${service.url}/api/v1/events/${list.body.data[0].id}/raw`, {
      headers: { authorization: `Bearer ${adminKey}` },
    })
    assert.deepEqual(Buffer.from(await raw.arrayBuffer()), event.body, `${id} byte for byte`)
  }
  let unknown = 0
  for (const [index, sale] of world.sales.entries())
    unknown += await judgeSale(service, world, sale, (index + 1) % 3 === 0)
  const stock = await api(service, 'GET', '/inventory/TEE-M')
  assert.equal(stock.body.committed, world.sales.length * 2, 'stock committed once for each sale')
  const books = await api(service, 'GET', '/ledger/trial-balance')
  assertBalanced(books.body.data, world)
  for (const [id, count] of world.recorders.mails) assert.equal(count, 1, `mail ${id} was sent once`)
  for (const [id, bodies] of world.recorders.requests)
    assert.equal(bodies.size, 1, `request ${id} was repeated with the same bytes`)
  judgeApp(world)
  await judgeChannel(service, world)
  t.diagnostic(`${unknown} mails and messages ended unknown, as a kill after the final dot must`)
}

async function judgeSale(service: Service, world: World, sale: Sale, isRefunded: boolean): Promise<number> {
  const found = await api(service, 'GET', `/orders?reference=ch_${sale.n}`)
  assert.equal(found.body.data.length, 1, `one order for ch_${sale.n}`)
  const order = found.body.data[0]
  assert.equal(order.payment_status, isRefunded ? 'partially_refunded' : 'paid')
  assert.equal(order.totals.captured.amount, '40.80')
  assert.equal(order.totals.refunded.amount, isRefunded ? '10.00' : '0.00')
  assert.equal(
    world.recorders.requestsByOrder.get(order.id)?.size,
    1,
    `one fulfillment request for ${order.id}`,
  )
  const effects = (await api(service, 'GET', `/orders/${order.id}/effects`)).body.data as {
    sink: string
    state: string
    kind: string
  }[]
  const receipts = effects.filter((effect) => effect.sink === 'receipt' && effect.kind === 'receipt')
  assert.equal(receipts.length, 1, 'one receipt')
  for (const effect of effects)
    assert.ok(['done', 'unknown'].includes(effect.state), `${effect.kind} is ${effect.state}`)
  return effects.filter((effect) => effect.state === 'unknown').length
}

/** Each sale and each refund was announced once, under one id and with the same bytes. */
function judgeApp({ recorders, sales }: World): void {
  for (const [id, bodies] of recorders.announced)
    assert.equal(bodies.size, 1, `announcement ${id} was repeated with the same bytes`)
  for (const [what, ids] of recorders.announcements)
    assert.equal(ids.size, 1, `${what} was announced under one id`)
  const refunds = Math.floor(sales.length / 3)
  assert.equal(recorders.announcements.size, sales.length + refunds, 'everything was announced')
}

/** Messages count as many notices as count as told: one too few was lost, one too many was told twice. */
async function judgeChannel(service: Service, { recorders, sales }: World): Promise<void> {
  const listed = sales.map(({ n }) => recorders.said.filter((text) => text.includes(`re_${n}_failed`)).length)
  assert.ok(Math.max(...listed) <= 1, 'nothing was told twice')
  const states: string[] = []
  for (const { n } of sales.filter((_, index) => (index + 1) % 4 === 0)) {
    const order = (await api(service, 'GET', `/orders?reference=ch_${n}`)).body.data[0]
    const effects = (await api(service, 'GET', `/orders/${order.id}/effects`)).body.data as {
      key: string
      state: string
    }[]
    const notice = effects.find(({ key }) => key.startsWith('notify:refund_failed'))
    assert.ok(notice, `the refund of ${n} that came back is news`)
    states.push(notice.state)
  }
  const counts = recorders.said.flatMap((text) =>
    [...text.matchAll(/\*(?:(\d+) × )?refund_failed\*/g)].map(([, count]) => Number(count ?? 1)),
  )
  const told = counts.reduce((a, b) => a + b, 0)
  const [done, unknown] = ['done', 'unknown'].map((state) => states.filter((one) => one === state).length)
  assert.equal(done! + unknown!, states.length, 'each was told or is in doubt')
  assert.ok(
    done! > 0 && told >= done! && told <= done! + unknown!,
    `${told} were told, ${done} count as told, ${unknown} are in doubt`,
  )
}

function assertBalanced(
  rows: { account: string; currency: string; balance: { amount: string } }[],
  world: World,
): void {
  const cents = rows.map((row) => BigInt(row.balance.amount.replace('.', '')))
  assert.equal(
    cents.reduce((a, b) => a + b, 0n),
    0n,
    'the books balance',
  )
  const refunds = BigInt(Math.floor(world.sales.length / 3)) * 1000n
  const clearing = rows.find((row) => row.account.startsWith('Assets:Clearing'))
  assert.equal(
    BigInt(clearing!.balance.amount.replace('.', '')),
    BigInt(world.sales.length) * 4080n - refunds,
    'clearing is what the provider owes',
  )
}

/** Idle means that nothing can be done now; after a kill some effect may be put off for a while. */
async function isNothingDue(service: Service): Promise<boolean> {
  const lists = await Promise.all(
    ['due', 'performing'].map((state) => api(service, 'GET', `/effects?state=${state}&limit=1`)),
  )
  return lists.every((list) => list.body.data.length === 0)
}

async function isIdle(service: Service): Promise<boolean> {
  try {
    const { body } = await api(service, 'GET', '/status')
    return body.idle === true
  } catch {
    return false
  }
}

async function api(service: Service, method: string, path: string, json?: object) {
  const response = await fetch(`${service.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${adminKey}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })
  return { status: response.status, body: await response.json() }
}

function mulberry(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
