import { hash, type KeyObject } from 'node:crypto'
import type { Config, Connection } from '../../config.ts'
import {
  canonicalFact,
  encodeData,
  type Fact,
  type KnownFact,
  type Ref,
  type Statement,
} from '../../core/fact.ts'
import { newId } from '../ids.ts'
import { numberScopes } from './number-scopes.ts'
import { type PersonRow, personRow } from './people.ts'

/** Statements of one event, one performed effect or one operator act. */
export type RecordItem = {
  readonly connection: string
  readonly source: KnownFact['source']
  readonly eventId?: string
  readonly statements: readonly Statement[]
  /** Known references whose orders are to be folded anew though no fact is new: the stock they ask for became known. */
  readonly refold?: readonly ScopedRef[]
  /** References, of whatever account, that a person says are the same order's as the statements'. */
  readonly links?: readonly ScopedRef[]
}

/** A statement with all that its row needs. `refs` are scoped; empty for account-level facts. */
export type Prepared = {
  readonly item: number
  readonly fact: KnownFact
  readonly digest: Buffer
  readonly data: string // as the row keeps it
  readonly eventId: string | null
  readonly refs: readonly ScopedRef[]
  /** An order number that orders of several connections may carry: joined once it is known which one is meant. */
  readonly bare?: BareNumber
}
export type BareNumber = {
  readonly number: string
  readonly scopes: readonly string[]
  readonly found?: 'none' | 'several'
}
export type ScopedRef = Ref & { readonly scope: string }

/** References of one batch, sorted, each with its component and the order proposed for it. */
export type Claims = {
  readonly scopes: string[]
  readonly kinds: string[]
  readonly ids: string[]
  readonly components: number[]
  readonly proposed: string[]
  readonly connections: string[]
  readonly orders: readonly { id: string; connection: string; mode: string }[]
}

export type Batch = {
  readonly items: readonly RecordItem[]
  readonly prepared: readonly Prepared[]
  readonly account: readonly Prepared[]
  readonly claims: Claims
  readonly persons: readonly PersonRow[]
  readonly refolds: boolean
  /** The claims of the same batch with other references in its rows. */
  reclaim(prepared: readonly Prepared[]): Batch
}

type Settings = { readonly config: Config; readonly personKey: KeyObject }

/** Pure but for the random part of new order ids: digests, people, and which references belong together. */
export function prepare(items: readonly RecordItem[], settings: Settings): Batch {
  const connections = new Map(settings.config.connections.map((connection) => [connection.id, connection]))
  const persons = new Map<string, PersonRow>()
  const prepared: Prepared[] = []
  const account: Prepared[] = []
  items.forEach((item, index) => {
    const connection = connections.get(item.connection)
    const scope = connection?.account ?? item.connection
    for (const statement of item.statements) {
      const fact = withPerson(statement, settings.personKey, persons)
      const data = encodeData(fact.data)
      const digest = hash('sha256', canonicalFact(fact, data), 'buffer')
      const known = {
        ...fact,
        digest: digest.toString('hex'),
        connection: item.connection,
        scope,
        source: item.source,
      } as KnownFact
      const found =
        statement.level === 'account' ? { refs: [] } : refsOf(statement, scope, connection, settings.config)
      const refs = [...found.refs, ...(item.links ?? [])]
      const row = { item: index, fact: known, digest, data, eventId: item.eventId ?? null, ...found, refs }
      if (statement.level === 'account') account.push(row)
      else prepared.push(row)
    }
  })
  const refold = items.flatMap((item) =>
    (item.refold ?? []).map((ref) => ({ ref, connection: item.connection })),
  )
  const reclaim = (rows: readonly Prepared[]): Batch => ({
    items,
    prepared: rows,
    account,
    claims: claimsOf(rows, refold, connections),
    persons: [...persons.values()],
    refolds: refold.length > 0,
    reclaim,
  })
  return reclaim(prepared)
}

function withPerson(statement: Statement, key: KeyObject, persons: Map<string, PersonRow>): Fact {
  if (statement.person === undefined) return statement.fact
  const row = personRow(statement.person, key)
  persons.set(row.id, row)
  return { ...statement.fact, data: { ...statement.fact.data, personId: row.id } } as Fact
}

/**
 * The fact's own resource and what it joins, each in its scope. An order number means something only among the orders
 * of the connections that are declared for it. Where those are several shops' the number joins nothing by itself, so that
 * no payment is given to the wrong one.
 */
function refsOf(
  statement: Statement,
  scope: string,
  connection: Connection | undefined,
  config: Config,
): { refs: ScopedRef[]; bare?: BareNumber } {
  const refs: ScopedRef[] = []
  let bare: BareNumber | undefined
  const numbers = numberScopes(scope, connection, config)
  for (const ref of [statement.fact.subject, ...statement.joins]) {
    const at = ref.kind === 'number' ? (numbers.isCertain ? numbers.scopes[0] : undefined) : scope
    if (ref.kind === 'number' && !numbers.isCertain && numbers.scopes.length > 0) {
      bare = { number: ref.id, scopes: numbers.scopes }
    }
    if (
      at !== undefined &&
      !refs.some((held) => held.kind === ref.kind && held.id === ref.id && held.scope === at)
    ) {
      refs.push({ ...ref, scope: at })
    }
  }
  return { refs, ...(bare === undefined ? {} : { bare }) }
}

function claimsOf(
  prepared: readonly Prepared[],
  refold: readonly { ref: ScopedRef; connection: string }[],
  connections: ReadonlyMap<string, Connection>,
): Claims {
  const components = new Components()
  const rows = new Map<string, { ref: ScopedRef; connection: string }>()
  for (const { refs, fact } of prepared) {
    const keys = refs.map(keyOf)
    for (const [index, key] of keys.entries()) {
      components.join(keys[0]!, key)
      if (!rows.has(key)) rows.set(key, { ref: refs[index]!, connection: fact.connection })
    }
  }
  for (const { ref, connection } of refold)
    if (!rows.has(keyOf(ref))) rows.set(keyOf(ref), { ref, connection })
  const sorted = [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
  const proposals = new Map<string, { index: number; id: string; connection: string; mode: string }>()
  const claims: Claims = {
    scopes: [],
    kinds: [],
    ids: [],
    components: [],
    proposed: [],
    connections: [],
    orders: [],
  }
  for (const [key, { ref, connection }] of sorted) {
    const root = components.find(key)
    let proposal = proposals.get(root)
    if (proposal === undefined) {
      const mode = connections.get(connection)?.mode ?? 'test'
      proposal = { index: proposals.size, id: newId('ord'), connection, mode }
      proposals.set(root, proposal)
    }
    claims.scopes.push(ref.scope)
    claims.kinds.push(ref.kind)
    claims.ids.push(ref.id)
    claims.components.push(proposal.index)
    claims.proposed.push(proposal.id)
    claims.connections.push(connection)
  }
  return { ...claims, orders: [...proposals.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) }
}

/** One text a reference: a NUL cannot occur in a column, so it separates. */
export function keyOf(ref: ScopedRef): string {
  return `${ref.scope}\0${ref.kind}\0${ref.id}`
}

/** Union-find over reference keys; the representative is whichever came first. */
class Components {
  readonly #parent = new Map<string, string>()

  find(key: string): string {
    let at = key
    for (
      let parent = this.#parent.get(at);
      parent !== undefined && parent !== at;
      parent = this.#parent.get(at)
    )
      at = parent
    if (at !== key) this.#parent.set(key, at)
    return at
  }

  join(a: string, b: string): void {
    const [rootA, rootB] = [this.find(a), this.find(b)]
    if (!this.#parent.has(rootA)) this.#parent.set(rootA, rootA)
    this.#parent.set(rootB, rootA)
  }
}
