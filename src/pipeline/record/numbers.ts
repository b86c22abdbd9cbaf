import { hash } from 'node:crypto'
import type { Ref } from '../../core/fact.ts'
import * as numbers from '../../store/bare-numbers.ts'
import type { Connection as On } from '../../store/database.ts'
import { lockSubjects } from '../../store/facts.ts'
import * as refs from '../../store/refs.ts'
import { type Batch, keyOf, type Prepared, type ScopedRef } from './prepare.ts'

/** An older order of the same number is another sale: shops use numbers again. */
export const referenceMaxAgeMs = 180 * 86_400_000

/**
 * Finds the orders that bare numbers mean, under a lock on each number, so that of a payment and its order which arrive
 * at the same moment the later one sees the earlier. One hit joins; several are for a person; none waits.
 */
export async function resolveNumbers(on: On, batch: Batch): Promise<Batch> {
  const payments = batch.prepared.filter((row) => row.bare !== undefined)
  const orders = batch.prepared.flatMap((row) => numberRefs(row).map((ref) => ({ row, ref })))
  const wanted = [
    ...new Set([...payments.map((row) => row.bare!.number), ...orders.map(({ ref }) => ref.id)]),
  ]
  if (wanted.length === 0) return batch
  await lockSubjects(
    on,
    wanted.map(lockKey).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
  )
  const waiting = await numbers.waiting(on, wanted)
  const found = await hitsOf(on, batch, payments, waiting)
  const attached = await attachedOf(on, payments, waiting)
  const joins = new Map<Prepared, Prepared>()
  for (const group of kinGroups(payments)) {
    const judged = judge(group, found, attached)
    for (const row of group) joins.set(row, { ...row, ...judged(row) })
  }
  const bridges = bridgesOf(orders, waiting, found, attached)
  const rows = batch.prepared.map((row) => {
    const joined = joins.get(row) ?? row
    return { ...joined, refs: [...joined.refs, ...(bridges.get(row) ?? [])] }
  })
  await keepWaiting(on, rows)
  return batch.reclaim(rows)
}

function numberRefs({ refs: own, bare }: Prepared): ScopedRef[] {
  return bare === undefined ? own.filter((ref) => ref.kind === 'number') : []
}

type Hit = { readonly placedAt: number | undefined }

/** Attached orders by scope and number, those of this very batch included. */
async function hitsOf(
  on: On,
  batch: Batch,
  payments: readonly Prepared[],
  waiting: readonly { number: string; candidates: string[] }[],
): Promise<Map<string, Hit>> {
  const pairs = new Map<string, [string, string]>()
  for (const { bare } of payments)
    for (const scope of bare!.scopes) pairs.set(`${scope}\0${bare!.number}`, [scope, bare!.number])
  for (const { number, candidates } of waiting)
    for (const scope of candidates) pairs.set(`${scope}\0${number}`, [scope, number])
  const rows = await numbers.hits(
    on,
    [...pairs.values()].map(([scope]) => scope),
    [...pairs.values()].map(([, number]) => number),
  )
  const found = new Map<string, Hit>()
  for (const row of rows) {
    if (!row.is_attached) continue
    found.set(`${row.scope}\0${row.number}`, {
      placedAt: row.placed_at === null ? undefined : Date.parse(row.placed_at),
    })
  }
  for (const row of batch.prepared) {
    for (const ref of numberRefs(row)) {
      const key = `${ref.scope}\0${ref.id}`
      if (!found.has(key)) found.set(key, { placedAt: Date.parse(row.fact.occurredAt) })
    }
  }
  return found
}

/** References of payments that have an order already: those need no number. */
async function attachedOf(
  on: On,
  payments: readonly Prepared[],
  waiting: readonly { scope: string; kind: string; id: string }[],
): Promise<Set<string>> {
  const all = [...payments.flatMap((row) => row.refs), ...(waiting as readonly ScopedRef[])]
  const rows = await refs.resolve(
    on,
    all.map((ref) => ref.scope),
    all.map((ref) => ref.kind),
    all.map((ref) => ref.id),
  )
  return new Set(rows.filter((row) => row.is_attached).map((row) => keyOf(row as unknown as ScopedRef)))
}

/** Rows of one payment: they share a reference, so they share the order. */
function kinGroups(rows: readonly Prepared[]): Prepared[][] {
  const groups: Prepared[][] = []
  for (const row of rows) {
    const mine = groups.filter((group) =>
      group.some((other) => other.refs.some((ref) => row.refs.some((own) => keyOf(own) === keyOf(ref)))),
    )
    const merged = [...mine.flat(), row]
    for (const group of mine) groups.splice(groups.indexOf(group), 1)
    groups.push(merged)
  }
  return groups
}

function judge(
  group: readonly Prepared[],
  found: ReadonlyMap<string, Hit>,
  attached: ReadonlySet<string>,
): (row: Prepared) => Partial<Prepared> {
  if (group.some((row) => row.refs.some((ref) => attached.has(keyOf(ref))))) return () => ({})
  const hits = new Map<string, ScopedRef>()
  for (const { bare, fact } of group) {
    for (const scope of bare!.scopes) {
      const hit = found.get(`${scope}\0${bare!.number}`)
      if (hit !== undefined && isRecent(hit, fact.occurredAt))
        hits.set(`${scope}\0${bare!.number}`, { kind: 'number', id: bare!.number, scope })
    }
  }
  if (hits.size === 1) return (row) => ({ refs: [...row.refs, ...hits.values()] })
  const foundCount = hits.size === 0 ? ('none' as const) : ('several' as const)
  return (row) => ({ bare: { ...row.bare!, found: foundCount } })
}

function isRecent({ placedAt }: Hit, paidAt: string): boolean {
  return placedAt === undefined || Date.parse(paidAt) - placedAt <= referenceMaxAgeMs
}

/** Payments that waited for a number which an order of this batch brings, where no other shop's order has it too. */
function bridgesOf(
  orders: readonly { row: Prepared; ref: ScopedRef }[],
  waiting: readonly {
    scope: string
    kind: string
    id: string
    number: string
    candidates: string[]
    occurred_at: string
  }[],
  found: ReadonlyMap<string, Hit>,
  attached: ReadonlySet<string>,
): Map<Prepared, ScopedRef[]> {
  const bridges = new Map<Prepared, ScopedRef[]>()
  for (const one of waiting) {
    const ref = { scope: one.scope, kind: one.kind as Ref['kind'], id: one.id }
    if (attached.has(keyOf(ref))) continue
    const hits = one.candidates.filter((scope) => {
      const hit = found.get(`${scope}\0${one.number}`)
      return hit !== undefined && isRecent(hit, one.occurred_at)
    })
    const home = orders.find(({ ref: number }) => number.id === one.number && hits.includes(number.scope))
    if (hits.length !== 1 || home === undefined) continue
    bridges.set(home.row, [...(bridges.get(home.row) ?? []), ref])
  }
  return bridges
}

async function keepWaiting(on: On, rows: readonly Prepared[]): Promise<void> {
  const open = rows.filter((row) => row.bare?.found !== undefined)
  if (open.length === 0) return
  const first = (row: Prepared) => row.refs[0]!
  await numbers.wait(
    on,
    open.map((row) => first(row).scope),
    open.map((row) => first(row).kind),
    open.map((row) => first(row).id),
    open.map((row) => row.bare!.number),
    open.map((row) => JSON.stringify(row.bare!.scopes)),
    open.map((row) => row.fact.occurredAt),
  )
}

function lockKey(number: string): bigint {
  return hash('sha256', `number\0${number}`, 'buffer').readBigInt64BE(0)
}
