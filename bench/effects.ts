import { writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Server as Listener, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { startMailbox } from '../src/sandbox/mailbox.ts'
import { stripeSignature } from '../src/sandbox/sign.ts'
import { path, round } from './measure.ts'
import { type Server, secret, startOrdersync } from './processes.ts'
import type { Store } from './store.ts'

/** From the request that a webhook is to the mail that its receipt is, and what one dead sink costs the others. */
export type EffectFigures = {
  readonly receipts: {
    readonly ratePerSecond: number
    readonly mails: number
    readonly p50Ms: number
    readonly p99Ms: number
  }
  readonly perSecond: { readonly allAlive: number; readonly mailDead: number }
}

const ratePerSecond = 50
const waitMs = 120_000
const warming = 50 // orders before the clock runs: code compiled, statements prepared, connections made
const effectsEach = 3 // that the app is told of each order: a request and two events

export async function measureEffects(
  store: Store,
  { seconds, orders }: { seconds: number; orders: number },
): Promise<EffectFigures> {
  const mailed = new Map<string, number>()
  const mailbox = await startMailbox({
    onMail: ({ subject }) => mailed.set(subject.split(' ').at(-1)!, performance.now()),
  })
  const silent = await startSilence()
  const app = await startApp()
  try {
    const mailOnly = await startWith(store, 'mail', { smtpUrl: mailbox.url })
    await sell(mailOnly, 'w', warming)
    await until(() => mailed.size >= warming)
    const receipts = await receiptDelays(mailOnly, mailed, seconds)
    await mailOnly.stop()
    const perSecondWith = async (name: string, smtpUrl: string) => {
      const server = await startWith(store, name, { smtpUrl, appUrl: app.url })
      const before = app.told.size
      await sell(server, `${name}-warm`, warming)
      await until(() => app.told.size - before >= warming * effectsEach)
      const figure = await effectsPerSecond(server, app.told, name, orders)
      await server.stop()
      return figure
    }
    const allAlive = await perSecondWith('alive', mailbox.url)
    const mailDead = await perSecondWith('dead', silent.url)
    return { receipts, perSecond: { allAlive, mailDead } }
  } finally {
    await Promise.all([mailbox.stop(), silent.stop(), app.stop()])
  }
}

/** At a fixed rate; each delay counts from the moment at which the delivery was to leave. */
async function receiptDelays(
  server: Server,
  mailed: ReadonlyMap<string, number>,
  seconds: number,
): Promise<EffectFigures['receipts']> {
  const count = ratePerSecond * seconds
  const begun = performance.now()
  const sent: Promise<unknown>[] = []
  for (let n = 0; n < count; n += 1) {
    const at = begun + (n * 1_000) / ratePerSecond
    if (at > performance.now()) await delay(at - performance.now())
    sent.push(deliver(server, `r${n}`))
  }
  await Promise.all(sent)
  const at = (n: number) => mailed.get(`r${n}`)
  await until(
    () => at(count - 1) !== undefined && Array.from({ length: count }, (_, n) => at(n)).every(Boolean),
  )
  const delays = Array.from({ length: count }, (_, n) => at(n)! - begun - (n * 1_000) / ratePerSecond).sort(
    (a, b) => a - b,
  )
  const share = (part: number) => round(delays[Math.floor(count * part)]!)
  return { ratePerSecond, mails: count, p50Ms: share(0.5), p99Ms: share(0.99) }
}

/** What apps and the warehouse are told of `orders` sales, by the second, until the last of it has arrived. */
async function effectsPerSecond(
  server: Server,
  told: ReadonlySet<string>,
  run: string,
  orders: number,
): Promise<number> {
  const before = told.size
  const begun = performance.now()
  await sell(server, run, orders)
  await until(() => told.size - before >= orders * effectsEach)
  return Math.round(((told.size - before) * 1_000) / (performance.now() - begun))
}

async function sell(server: Server, run: string, orders: number): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < orders) await deliver(server, `${run}${next++}`)
  }
  await Promise.all(Array.from({ length: 16 }, lane))
}

async function deliver(server: Server, n: string): Promise<void> {
  const body = Buffer.from(JSON.stringify(chargeEvent(n)))
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'stripe-signature': stripeSignature(body, [secret], new Date()),
    },
    body,
  })
  if (response.status !== 200) throw new Error(`a delivery got ${response.status}`)
  await response.arrayBuffer()
}

function chargeEvent(n: string): object {
  const created = Math.floor(Date.now() / 1_000)
  const items = JSON.stringify([{ sku: 'TEE', quantity: 1, unit_price: '19.99' }])
  const charge = {
    id: `ch_${n}`,
    object: 'charge',
    amount: 1999,
    amount_captured: 1999,
    amount_refunded: 0,
    captured: true,
    created,
    billing_details: { email: `${n}@example.com`, name: 'Ada Buyer' },
    currency: 'usd',
    livemode: false,
    metadata: { order_id: n, items },
    paid: true,
    payment_intent: `pi_${n}`,
    refunded: false,
    status: 'succeeded',
  }
  return {
    id: `evt_${n}`,
    object: 'event',
    api_version: '2026-03-25.dahlia',
    created,
    livemode: false,
    type: 'charge.succeeded',
    data: { object: charge },
  }
}

async function startWith(
  store: Store,
  name: string,
  { smtpUrl, appUrl }: { smtpUrl: string; appUrl?: string },
): Promise<Server> {
  const key = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const file = `${store.folder}/effects-${name}.json`
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
      accounting: { kind: 'internal' },
      receipt: { smtpUrl, from: 'Shop <shop@shop.example>' },
      ...(appUrl !== undefined && {
        fulfillment: { url: appUrl, secret: key },
        outgoing: [{ id: 'app', url: appUrl, secret: key, events: ['order.placed', 'order.paid'] }],
      }),
    },
    security: { allowPrivateTargets: true },
  }
  writeFileSync(file, JSON.stringify(config))
  return startOrdersync('web,worker', await store.create(name), store.folder, { ORDERSYNC_CONFIG: file })
}

/** Takes everything at once, and remembers each webhook-id. */
async function startApp() {
  const told = new Set<string>()
  const server = createHttp((request, response) => {
    request.resume().on('end', () => {
      told.add(String(request.headers['webhook-id']))
      response.writeHead(204).end()
    })
  })
  const port = await listening(server)
  return {
    url: `http://127.0.0.1:${port}/hook`,
    told,
    async stop() {
      server.closeAllConnections()
      await closed(server)
    },
  }
}

/** A mail server that takes connections and never says a word. */
async function startSilence() {
  const sockets = new Set<Socket>()
  const server = createTcp((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  const port = await listening(server)
  return {
    url: `smtp://127.0.0.1:${port}`,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await closed(server)
    },
  }
}

function listening(server: Listener): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
}

function closed(server: Listener): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

async function until(isSo: () => boolean): Promise<void> {
  const begun = performance.now()
  while (!isSo()) {
    if (performance.now() - begun > waitMs) throw new Error('what was to be told did not arrive')
    await delay(5)
  }
}
