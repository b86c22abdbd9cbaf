import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeData, type Person, type Statement } from '../../src/core/fact.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import type { ConnectionSettings, Provider, RawRequest, StoredEvent } from '../../src/providers/provider.ts'

/** What the suite needs to know of a provider in order to hold it to the rules that hold for all of them. */
export type Subject = {
  readonly provider: Pick<Provider, 'name' | 'verify' | 'normalize' | 'list' | 'check'>
  readonly settings: ConnectionSettings
  readonly now: Date
  /** A delivery as the provider would send it; several secrets where it signs with each while they are rolled. */
  readonly deliver: (body: Uint8Array, signed?: { secrets?: readonly string[]; at?: Date }) => RawRequest
  readonly signatureHeader: string
  /** False where the provider signs no time: then only identity protects against a replay. */
  readonly signsTime: boolean
  /** True where a delivery has one signature however many secrets there are. */
  readonly signsOnce?: boolean
  /** Currencies without and with more than two decimals that the provider deals in; default JPY, KWD, ISK. */
  readonly oddCurrencies?: readonly string[]
  readonly fixtures: readonly Fixture[]
  /** A genuine body, for the cases that are about its signature and its frame. */
  readonly body: Uint8Array
  readonly otherMode: Uint8Array
  /** What becomes of the other mode: refused, or stored and ignored where one endpoint carries both; default refused. */
  readonly otherModeIs?: 'ignored'
  readonly otherAccount: Uint8Array
  /** Genuinely signed, and yet nothing that the provider sends. */
  readonly malformed: readonly { readonly name: string; readonly body: Uint8Array }[]
  readonly unknownType: { readonly type: string; readonly body: Uint8Array }
  /** Bodies that lack or spoil a field we need; `path` must be named in the review. */
  readonly unreadable: readonly {
    readonly name: string
    readonly type: string
    readonly body: Uint8Array
    readonly path: string
  }[]
  /** An object as a webhook carries it and as the list gives it: they must state the same. */
  readonly listed: readonly { readonly list: string; readonly webhook: Fixture; readonly object: unknown }[]
  /** Serves `objects` as the provider's list `list` would, for the time of `work`. */
  readonly serve: (
    list: string,
    objects: readonly unknown[],
    work: (settings: ConnectionSettings) => Promise<void>,
  ) => Promise<void>
}

/** One example body and exactly what it states. Facts are as `printed` gives them. */
export type Fixture = {
  readonly name: string
  readonly type: string
  readonly body: unknown
  readonly facts?: readonly PrintedFact[]
  readonly outcome?: unknown
}

/** A statement in the form of the fixtures: amounts as text, references as `kind:id`. */
export type PrintedFact = {
  readonly id: string
  readonly occurredAt: string
  readonly rank: number
  readonly data: unknown
  readonly joins: readonly string[]
  readonly level?: 'account'
  readonly person?: Person
}

/** Every fixture of a folder, by name. */
export function fixturesIn(folder: string): Fixture[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, ''),
      ...JSON.parse(readFileSync(join(folder, file), 'utf8')),
    }))
}

/** A body: text as it stands, anything else as JSON. */
export function bytes(value: unknown): Uint8Array {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

/** A body as the pipeline would hand it to `normalize`. */
export function stored(type: string, body: Uint8Array, occurredAt?: string): StoredEvent {
  const isResource = type.startsWith('resource.')
  return {
    id: 'evt_of_ours',
    type,
    source: isResource ? 'poll' : 'webhook',
    body,
    receivedAt: '2026-03-31T12:00:00.000Z',
    ...(occurredAt !== undefined && { occurredAt }),
  }
}

/** Statements in the form in which fixtures keep them. */
export function printed(outcome: Outcome): readonly PrintedFact[] {
  return outcome.kind === 'processed' ? outcome.statements.map(print) : []
}

function print({ fact, joins, level, person }: Statement): PrintedFact {
  return {
    id: fact.id,
    occurredAt: fact.occurredAt,
    rank: fact.rank,
    data: JSON.parse(encodeData(fact.data)),
    joins: joins.map((ref) => `${ref.kind}:${ref.id}`),
    ...(level === 'account' && { level }),
    ...(person && { person: { ...person, ...(person.address && { address: { ...person.address } }) } }),
  }
}
