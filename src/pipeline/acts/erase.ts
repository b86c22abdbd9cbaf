import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeAudit } from '../../store/audit.ts'
import { type Connection, inTransaction, type Queryable } from '../../store/database.ts'
import * as erasures from '../../store/erasures.ts'
import { customerHash, emailHash } from '../record/people.ts'
import type { System } from '../system.ts'

/** Who is to be erased: by address, by the provider's id of them, or by the keyed hashes of either. */
export type Subject = {
  readonly email?: string | undefined
  readonly customerId?: string | undefined
  readonly hashes?: readonly string[]
}

export type Erased = { readonly persons: number; readonly orders: number; readonly events: number }

export type By = { readonly actor: string; readonly address: string | null }

/**
 * Takes a person out of everything that may name them: people, payloads, delivery headers, requests and mails that went
 * out, kept answers. Facts, books and history hold no person and stay whole. What is told of them later is erased too.
 */
export async function eraseCustomer(system: System, subject: Subject, by: By): Promise<Erased> {
  const hashes = hashesOf(system, subject)
  const now = system.now()
  const erased = await inTransaction(system.db.web, async (on) => {
    await erasures.unhurried(on)
    await erasures.remember(on, hashes, now.toISOString())
    const persons = await erasures.personsByHashes(on, hashes, hashes)
    const orders = await ordersOf(
      on,
      persons.map((row) => row.id),
    )
    const told = orders.length === 0 ? [] : await erasures.toldBy(on, orders)
    const everybody = new Set([
      ...persons.map((row) => row.id),
      ...told.flatMap((row) => row.person_id ?? []),
    ])
    const blanked = await erasures.blankPersons(on, [...everybody])
    const events = await eventsOf(on, subject, orders, told)
    await dropBytes(on, events, now)
    if (orders.length > 0) await erasures.blankEffects(on, orders)
    for (const text of [subject.email, subject.customerId]) {
      if (text === undefined || text.length < 4) continue
      await erasures.dropAnswers(on, text)
      await erasures.dropExports(on, text)
    }
    const result = { persons: blanked.length, orders: orders.length, events: events.length }
    await writeAudit(on, {
      at: now,
      ...by,
      action: 'erase_customer',
      target: shortOf(hashes),
      result: 'done',
      detail: result,
    })
    return result
  })
  await keepForRestore(system, hashes)
  return erased
}

/** A shop that left asks for everybody whom it told us of. */
export async function eraseShop(system: System, connection: string, by: By): Promise<Erased> {
  const now = system.now()
  let events = 0
  for (let after = -1n; ; ) {
    const rows = await erasures.eventsOfConnection(system.db.web, connection, after, 500)
    if (rows.length === 0) break
    await inTransaction(system.db.web, (on) =>
      dropBytes(
        on,
        rows.map((row) => row.id),
        now,
      ),
    )
    events += rows.length
    after = rows.at(-1)!.seq
  }
  return inTransaction(system.db.web, async (on) => {
    await erasures.unhurried(on)
    const persons = (await erasures.personsOfConnection(on, connection)).flatMap((row) => row.id ?? [])
    const blanked = await erasures.blankPersons(on, persons)
    await erasures.blankEffectsOfConnection(on, connection)
    const result = { persons: blanked.length, orders: 0, events }
    await writeAudit(on, {
      at: now,
      ...by,
      action: 'erase_shop',
      target: connection,
      result: 'done',
      detail: result,
    })
    return result
  })
}

/** Erases again who was erased and has been told of since. Answers with how many. */
export async function eraseReborn(system: System): Promise<number> {
  const rows = await erasures.reborn(system.db.web, 50)
  const by = { actor: 'ordersync', address: null }
  for (const { email_hash, customer_hash } of rows) {
    await eraseCustomer(system, { hashes: [email_hash, customer_hash].filter((hash) => hash !== null) }, by)
  }
  return rows.length
}

/** After a restore: whoever the data directory remembers as erased and the database does not. */
export async function eraseAfterRestore(system: System): Promise<number> {
  const text = await readFile(fileOf(system), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = text.split('\n').filter((line) => line !== '')
  const subjects = lines.map((line) => JSON.parse(line) as string[])
  const known = new Set((await erasures.remembered(system.db.web, subjects.flat())).map((row) => row.hash))
  const forgotten = subjects.filter((hashes) => hashes.some((hash) => !known.has(hash)))
  for (const hashes of forgotten)
    await eraseCustomer(system, { hashes }, { actor: 'ordersync', address: null })
  return forgotten.length
}

function hashesOf(system: System, { email, customerId, hashes = [] }: Subject): string[] {
  return [
    ...hashes,
    ...(email === undefined ? [] : [emailHash(system.personKey, email)]),
    ...(customerId === undefined ? [] : [customerHash(system.personKey, customerId)]),
  ]
}

async function ordersOf(on: Queryable, persons: string[]): Promise<string[]> {
  if (persons.length === 0) return []
  const own = await erasures.ordersOfPersons(on, persons)
  return (
    await erasures.members(
      on,
      own.map((row) => row.id),
    )
  ).map((row) => row.id)
}

async function eventsOf(
  on: Connection,
  subject: Subject,
  orders: string[],
  told: readonly { event_id: string | null }[],
): Promise<string[]> {
  const needles = needlesOf(subject).map((text) => Buffer.from(text))
  const holding = needles.length === 0 ? [] : await erasures.eventsHolding(on, needles)
  const about = orders.length === 0 ? [] : await erasures.eventsOfOrders(on, orders)
  return [
    ...new Set([
      ...told.flatMap((row) => row.event_id ?? []),
      ...about.map((row) => row.id),
      ...holding.map((row) => row.id),
    ]),
  ]
}

/** How a body may write them; an id only where it stands by itself, as digits of another number are nobody. */
function needlesOf({ email, customerId }: Subject): string[] {
  const needles: string[] = []
  if (email !== undefined) {
    for (const one of new Set([email.trim(), email.trim().toLowerCase()])) {
      needles.push(one, one.replace('@', '\\u0040'), encodeURIComponent(one))
    }
  }
  if (customerId !== undefined) {
    needles.push(`"${customerId}"`, `:${customerId},`, `:${customerId}}`, `Customer/${customerId}"`)
  }
  return needles
}

async function dropBytes(on: Connection, events: string[], now: Date): Promise<void> {
  if (events.length === 0) return
  await erasures.dropPayloads(on, events)
  await erasures.settleEvents(on, events, now.toISOString())
  await erasures.blankDeliveries(on, events)
}

/** One line of hashes a person: a backup from before the erasure knows nothing of it. */
async function keepForRestore(system: System, hashes: readonly string[]): Promise<void> {
  const file = fileOf(system)
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await appendFile(file, `${JSON.stringify(hashes)}\n`, { mode: 0o600 })
  } catch (error) {
    system.log.error('an erasure could not be kept for a restore', { error: error as Error })
  }
}

function fileOf(system: System): string {
  return join(system.config.dataDir, 'erasures.jsonl')
}

function shortOf(hashes: readonly string[]): string {
  return hashes.map((hash) => hash.slice(0, 16)).join(' ')
}
