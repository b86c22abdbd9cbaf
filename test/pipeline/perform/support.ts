import { createSecretKey } from 'node:crypto'
import type { TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { createLogger, transports } from 'winston'
import type { AddressInfo } from 'node:net'
import type { Config } from '../../../src/config.ts'
import {
  type Fact,
  factId,
  type FactData,
  type Person,
  type Ref,
  type Statement,
} from '../../../src/core/fact.ts'
import { type Performing, startPerforming } from '../../../src/pipeline/perform.ts'
import type { Timing } from '../../../src/pipeline/perform/loop.ts'
import { record } from '../../../src/pipeline/record.ts'
import type { System } from '../../../src/pipeline/system.ts'
import type { Sink } from '../../../src/sinks/sink.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/wait.ts'
import { testConnection } from '../support.ts'

export const timing: Timing = { leaseMs: 10_000, pollMs: 50, graceMs: 500, pauseMs: 50, pauseMaxMs: 200 }
export const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`

const started = new WeakMap<System, Performing[]>()

/** A system without queue or web: recording and performing are all that is tried here. */
export async function systemWith(t: TestContext, sinks: Partial<Config['sinks']>): Promise<System> {
  // Hooks run in the order in which they were made: performing ends before its database goes.
  const performing: Performing[] = []
  t.after(() => Promise.all(performing.map((one) => one.stop())))
  const { db } = await testDatabase(t)
  const config = {
    connections: [testConnection()],
    security: { trustProxy: 0, allowPrivateTargets: true },
    sinks: { outgoing: [], ...sinks },
  }
  const system: System = {
    config: config as unknown as Config,
    log: createLogger({ silent: true, transports: [new transports.Console()] }),
    db,
    queue: undefined as never,
    providers: new Map(),
    now: () => new Date(),
    personKey: createSecretKey(Buffer.alloc(32)),
    effectsSince: new Date(0),
  }
  started.set(system, performing)
  return system
}

/** Starts performing, with short waits between repeats; stops before the database goes. */
export function perform(system: System, sinks: readonly Sink[], times: Partial<Timing> = {}): Performing {
  const quick = sinks.map((sink) => ({ ...sink, backoff: { baseMs: 20, capMs: 40 } }))
  const performing = startPerforming(system, quick, { ...timing, ...times })
  started.get(system)!.push(performing)
  return performing
}

// ── facts of a purchase, as any provider would state them

const buyer: Person = {
  email: 'buyer@example.com',
  name: 'Ada Lovelace',
  address: { line1: '1 Main St', city: 'Springfield', postalCode: '12345', country: 'US' },
}
const occurredAt = '2026-11-25T10:00:00.000Z'

function statement<K extends keyof FactData>(
  kind: K,
  subject: Ref,
  data: FactData[K],
  over: Partial<Statement> & { apart?: string } = {},
): Statement {
  const { apart, ...rest } = over
  const fact = { id: factId(kind, subject, apart), kind, subject, occurredAt, rank: 0, data } as Fact
  return { fact, joins: [], level: 'order', ...rest }
}

export type Purchase = { number: string; amountMinor?: bigint; orderedMinor?: bigint; withAddress?: boolean }

/** A paid order of one shirt, with its buyer unless said otherwise; effects become due as the policy has it. */
export async function buy(
  system: System,
  { number, amountMinor = 1999n, orderedMinor = 1999n, withAddress = true }: Purchase,
): Promise<string> {
  const intent: Ref = { kind: 'payment_intent', id: `pi_${number}` }
  const charge: Ref = { kind: 'charge', id: `ch_${number}` }
  const currency = 'USD'
  const statements = [
    statement('order_placed', intent, {}),
    statement('order_numbered', intent, { number, priority: 0 }),
    statement('order_total', intent, { totalMinor: orderedMinor, currency, by: 'intent' }),
    statement('order_lines', intent, {
      lines: [{ id: '1', sku: 'TEE', title: 'T-shirt', quantity: 1, unitPriceMinor: orderedMinor }],
      currency,
      by: 'metadata',
    }),
    statement(
      'payment_captured',
      charge,
      { amountMinor, currency, tender: 'provider' },
      { apart: String(amountMinor), joins: [intent] },
    ),
    ...(withAddress ? [address(intent)] : []),
  ]
  return recorded(system, statements)
}

function address(intent: Ref): Statement {
  const seen = { personId: '', hasEmail: true, hasAddress: true, by: 'intent' } as const
  return statement('customer_seen', intent, seen, { person: buyer })
}

export async function learnAddress(system: System, number: string): Promise<string> {
  return recorded(system, [address({ kind: 'payment_intent', id: `pi_${number}` })])
}

export async function refund(system: System, number: string, amountMinor = 1999n): Promise<string> {
  const charge: Ref = { kind: 'charge', id: `ch_${number}` }
  const data = { amountMinor, currency: 'USD', paymentId: charge.id }
  return recorded(system, [
    statement('refund_succeeded', { kind: 'refund', id: `re_${number}` }, data, { joins: [charge] }),
  ])
}

/** The buyer's bank disputes the payment, or has decided. */
export async function dispute(
  system: System,
  number: string,
  state: 'open' | 'won',
  dueBy?: string,
): Promise<string> {
  const charge: Ref = { kind: 'charge', id: `ch_${number}` }
  const data = {
    state,
    detail: state,
    rank: state === 'open' ? 1 : 2,
    amountMinor: 1999n,
    currency: 'USD',
    reason: 'fraudulent',
    paymentId: charge.id,
    ...(dueBy === undefined ? {} : { dueBy }),
  }
  const subject: Ref = { kind: 'dispute', id: `dp_${number}` }
  return recorded(system, [statement('dispute_state', subject, data, { joins: [charge], apart: state })])
}

async function recorded(system: System, statements: Statement[]): Promise<string> {
  const result = await record(system, { items: [{ connection: 'acme-main', source: 'webhook', statements }] })
  return result.perItem[0]!.orderIds[0]!
}

// ── what became of it

export type Row = {
  id: string
  key: string
  sink: string
  kind: string
  state: string
  attempts: number
  reference: string | null
  last_error: string | null
  token: string | null
  request: Buffer | null
}

export async function rows(system: System, sink?: string): Promise<Row[]> {
  const result = await system.db.web.query(
    `select id, key, sink, kind, state, attempts, reference, last_error, token, request from effects
      where $1::text is null or sink = $1 order by seq`,
    [sink ?? null],
  )
  return result.rows
}

/** Waits until every effect (of the sink) has left the states in which something is still to be done. */
export function settled(system: System, sink?: string): Promise<Row[]> {
  return until('effects are settled', async () => {
    const all = await rows(system, sink)
    return all.length > 0 && all.every(({ state }) => state !== 'due' && state !== 'performing') && all
  })
}

/** What the history knows of performed effects, oldest first. */
export async function performedFacts(system: System): Promise<FactData['effect_performed'][]> {
  const result = await system.db.web.query(
    `select data from facts where kind = 'effect_performed' order by seq`,
  )
  return result.rows.map(({ data }) => JSON.parse(data))
}

/** A real mail server of another make; keeps whole messages. */
export async function mailServer(
  t: TestContext,
): Promise<{ smtpUrl: string; from: string; messages: string[] }> {
  const messages: string[] = []
  const server = new SMTPServer({
    authOptional: true,
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        messages.push(Buffer.concat(chunks).toString('utf8'))
        done()
      })
    },
  })
  server.on('error', () => {}) // clients that are cut off reset their connections
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise<void>((resolve) => server.close(resolve)))
  const { port } = server.server.address() as AddressInfo
  return { smtpUrl: `smtp://127.0.0.1:${port}`, from: 'Shop <shop@shop.example>', messages }
}
