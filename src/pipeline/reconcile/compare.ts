import { type Change, changesOf, type Difference, keyOf, type Stated, type Witness } from '../../core/diff.ts'
import { encodeData, type Instant, type Ref } from '../../core/fact.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { ListedItem } from '../../providers/provider.ts'
import * as polling from '../../store/polling.ts'
import { open as openRereads } from '../../store/rereads.ts'
import { eventId, type NewEvent } from '../incoming.ts'
import { readingIdentity } from '../reread.ts'
import { prepare } from '../record/prepare.ts'
import type { Run } from './run.ts'

/** Balance lines younger than this are on their way by re-reading; older ones were lost. */
const linesLagMs = 600_000
const waitingMax = 500
/** A re-read that is put off for longer is no reason to leave a resource out. */
const soonMs = 60_000

/** An item of a list, or what reading one resource answered: then no time is known but those within. */
export type Listed = Omit<ListedItem, 'occurredAt'> & { readonly occurredAt?: Instant }

/** One listed item with what it would become: its event, and what that would state. */
type Look = {
  readonly item: Listed
  readonly id: string
  readonly outcome: Outcome
  readonly stated: readonly Stated[]
}

/**
 * Compares items with what we hold, adds what is lacking to the run's differences, and answers with the events that
 * would mend it: those that bring a new fact, and those of which only we can say what they are. An item whose event is
 * known was judged before; a resource that still has an event waiting is no difference.
 */
export async function compare(
  run: Run,
  items: readonly Listed[],
  readNo: bigint | undefined,
): Promise<NewEvent[]> {
  const looks = items.map((item) => lookAt(run, item, readNo))
  for (const { item } of looks) if (item.providerEventId === undefined) run.seen.add(keyOf(item.resource))
  const { db } = run.system
  const scope = run.connection.account
  const [states, witnesses] = await Promise.all([
    polling.eventStates(
      db.web,
      looks.map((look) => look.id),
    ),
    polling.witnesses(db.web, scope, [
      ...new Set(looks.flatMap((look) => look.stated.map(({ fact }) => fact.id))),
    ]),
  ])
  const known = new Map(states.map((row) => [row.id, row.source]))
  for (const { item, id } of looks) {
    const wasDelivered = known.get(id) === 'webhook'
    if (item.providerEventId !== undefined && item.occurredAt !== undefined && !wasDelivered)
      run.undelivered.push(item.occurredAt)
  }
  const held = heldOf(witnesses)
  const news = looks.filter((look) => !known.has(look.id))
  const candidates = news.filter((look) => isUnread(look) || changesOf(look.stated, held).length > 0)
  if (candidates.length === 0) return []
  const [waiting, isKnown] = await Promise.all([waitingOf(run), knownOf(run, candidates)])
  return candidates.flatMap((look) =>
    take(run, look, { held, waiting, isKnown }) ? [eventOf(run, look, readNo)] : [],
  )
}

type Ours = {
  held: ReadonlyMap<string, readonly Witness[]>
  waiting: Waiting
  isKnown: (ref: Ref) => boolean
}

/** Adds one item to the differences of the run. False when it brings nothing that is not on its way already. */
function take(run: Run, look: Look, { held, waiting, isKnown }: Ours): boolean {
  if (waiting.resources.has(keyOf(look.item.resource))) return false
  const linesBefore = new Date(run.system.now().getTime() - linesLagMs).toISOString()
  if (isUnread(look)) {
    if (look.outcome.kind === 'needs_review') run.differences.put(unreadable(look, isKnown))
    return true
  }
  const ours = new Map(held)
  for (const { fact } of look.stated) {
    const claimed = run.claimed.get(fact.id)
    if (claimed !== undefined) ours.set(fact.id, [...(held.get(fact.id) ?? []), ...claimed])
  }
  const changes = changesOf(look.stated, ours).filter((change) => !isWaiting(change, waiting))
  if (changes.length === 0) return false
  for (const { fact } of changes) {
    run.claimed.set(fact.id, [
      ...(run.claimed.get(fact.id) ?? []),
      { rank: fact.rank, data: encodeData(fact.data), occurredAt: fact.occurredAt },
    ])
  }
  run.differences.add({ changes, eventId: look.id, isKnown, linesBefore })
  return true
}

/** Only processing can say what it is: unreadable, or to be re-read. */
function isUnread({ outcome }: Look): boolean {
  return outcome.kind === 'needs_review' || outcome.kind === 'reread'
}

function unreadable({ item, id, outcome }: Look, isKnown: (ref: Ref) => boolean): Difference {
  return {
    name: `${id} unreadable`,
    kind: isKnown(item.resource) ? 'behind' : 'missing',
    resource: item.resource,
    reason: outcome.kind === 'needs_review' ? outcome.code : 'payload_unreadable',
    members: [item.resource],
    facts: [],
    events: [id],
    amount: undefined,
    occurredAt: item.occurredAt ?? '',
    payments: [],
  }
}

/** What one item would become, were it stored. */
export function lookAt(run: Run, item: Listed, readNo: bigint | undefined): Look {
  const { connection } = run
  const id = eventId(connection.id, identityOf(item))
  const outcome = run.provider.normalize(
    {
      id,
      type: item.type,
      source: 'poll',
      body: item.body,
      ...(item.occurredAt === undefined ? {} : { occurredAt: item.occurredAt }),
      receivedAt: run.system.now().toISOString(),
      ...(readNo === undefined || item.providerEventId !== undefined ? {} : { readNo }),
    },
    connection,
  )
  if (outcome.kind !== 'processed') return { item, id, outcome, stated: [] }
  const batch = prepare(
    [{ connection: connection.id, source: 'poll', statements: outcome.statements }],
    run.system,
  )
  return {
    item,
    id,
    outcome,
    stated: [...batch.prepared, ...batch.account].map(({ fact, refs }) => ({ fact, joins: refs })),
  }
}

function identityOf(item: Listed): string {
  return item.providerEventId ?? readingIdentity(item.resource, item.body)
}

function eventOf(run: Run, { item }: Look, readNo: bigint | undefined): NewEvent {
  const { connection } = run
  return {
    connection: connection.id,
    provider: connection.provider,
    providerEventId: identityOf(item),
    type: item.type,
    mode: connection.mode,
    apiVersion: item.apiVersion,
    source: 'poll',
    body: item.body,
    occurredAt: item.occurredAt,
    receivedAt: run.system.now().toISOString(),
    isIdSigned: true,
    ...(readNo === undefined || item.providerEventId !== undefined ? {} : { readNo }),
  }
}

function heldOf(
  rows: readonly { id: string; rank: number; data: string; occurred_at: Instant }[],
): Map<string, Witness[]> {
  const held = new Map<string, Witness[]>()
  for (const { id, rank, data, occurred_at } of rows)
    held.set(id, [...(held.get(id) ?? []), { rank, data, occurredAt: occurred_at }])
  return held
}

/** Whether a resource was known before this run: what the run itself stored does not count. */
async function knownOf(run: Run, looks: readonly Look[]): Promise<(ref: Ref) => boolean> {
  const refs = [
    ...looks.flatMap(({ stated }) => stated.flatMap(({ fact, joins }) => [fact.subject, ...joins])),
    ...looks.map((look) => look.item.resource),
  ]
  const wanted = new Map(refs.map((ref) => [keyOf(ref), ref]))
  const list = [...wanted.values()]
  const rows = await polling.knownResources(
    run.system.db.web,
    run.connection.account,
    list.map((ref) => ref.kind),
    list.map((ref) => ref.id),
  )
  const known = new Set(rows.map((row) => `${row.kind}:${row.id}`))
  for (const key of wanted.keys()) if (!known.has(key)) run.unknown.add(key)
  return (ref) => !run.unknown.has(keyOf(ref))
}

type Waiting = { readonly facts: ReadonlySet<string>; readonly resources: ReadonlySet<string> }

function isWaiting({ fact }: Change, waiting: Waiting): boolean {
  if (waiting.facts.has(fact.id) || waiting.resources.has(keyOf(fact.subject))) return true
  return (
    fact.kind === 'balance_line' &&
    fact.data.source !== undefined &&
    waiting.resources.has(keyOf(fact.data.source))
  )
}

/** What events that are stored and not processed yet will state, and what is being re-read: none of it is lacking. */
async function waitingOf(run: Run): Promise<Waiting> {
  const { db } = run.system
  const [events, asked] = await Promise.all([
    polling.waitingEvents(db.web, run.connection.id, waitingMax),
    openRereads(db.web, run.connection.id, waitingMax),
  ])
  const facts = new Set<string>()
  const soon = new Date(run.system.now().getTime() + soonMs).toISOString()
  const resources = new Set(asked.filter((row) => row.next_at <= soon).map((row) => `${row.kind}:${row.id}`))
  for (const event of events) {
    if (event.body === null) continue
    const outcome = run.provider.normalize(
      {
        id: event.id,
        type: event.type,
        source: event.source,
        body: event.body,
        receivedAt: event.received_at,
        ...(event.occurred_at === null ? {} : { occurredAt: event.occurred_at }),
        ...(event.read_no === null ? {} : { readNo: event.read_no }),
      },
      run.connection,
    )
    if (outcome.kind === 'processed') for (const { fact } of outcome.statements) facts.add(fact.id)
    if (outcome.kind === 'reread') resources.add(keyOf(outcome.resource))
  }
  return { facts, resources }
}
