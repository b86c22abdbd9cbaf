import { hash } from 'node:crypto'
import { canonicalFact } from '../core/fact.ts'
import type { StockMove } from '../core/effect.ts'
import { contentOf, eventDigest, head } from './chain.ts'
import type { Database } from './database.ts'
import { factOf } from './facts.ts'
import { entryDigest } from './journal.ts'
import { statement } from './statement.ts'
import { moveDigest } from './stock.ts'

/** What the check of the whole history found; no problem means that every row is as it was recorded. */
export type Verification = {
  readonly links: number
  readonly head: { readonly seq: string; readonly hash: string; readonly recordedAt: string }
  readonly problems: readonly string[]
}

const linksPerTrip = 500
const problemsMax = 50 // enough to see what happened; a chain cut in half would otherwise print its every link

const linksAfter = statement<
  [after: bigint, limit: number],
  {
    seq: bigint
    tx: bigint
    content: Buffer
    hash: Buffer
    expected: Buffer
    is_later: boolean
    recorded_at: string
  }
>({
  name: 'verify.linksAfter',
  uses: ['links_pkey'],
  text: `select l.seq, l.tx, l.content, l.hash, l.recorded_at, l.recorded_at > coalesce(p.recorded_at, 'epoch') as is_later,
                sha256(coalesce(p.hash, sha256('ordersync'::bytea)) || int8send(l.seq)
                       || int8send((extract(epoch from l.recorded_at) * 1000000)::bigint) || l.content) as expected
           from links l left join links p on p.seq = l.seq - 1
          where l.seq > $1 order by l.seq limit $2`,
})

const factsOf = statement<[txs: bigint[]], Parameters<typeof factOf>[0]>({
  name: 'verify.factsOf',
  uses: ['facts_tx'],
  text: `select seq, scope, id, digest, kind, subject_kind, subject_id, occurred_at, rank, data, connection, source, event_id,
                order_id, tx
           from facts where tx = any($1)`,
})

type EntryRow = {
  tx: bigint
  key: string
  layer: 'movement' | 'recognition'
  scope: string
  mode: string
  order_id: string | null
  occurred_at: string
  day: string
  late_into: string | null
  accounts: string[]
  currencies: string[]
  amounts: string[]
}

const entriesOf = statement<[txs: bigint[]], EntryRow>({
  name: 'verify.entriesOf',
  uses: ['journal_entries_tx', 'journal_lines_pkey'],
  text: `select j.tx, j.key, j.layer, j.scope, j.mode, j.order_id, j.occurred_at, j.day::text as day, j.late_into,
                array_agg(l.account order by l.position) as accounts, array_agg(l.currency order by l.position) as currencies,
                array_agg(l.amount::text order by l.position) as amounts
           from journal_entries j join journal_lines l on l.entry_seq = j.seq
          where j.tx = any($1) group by j.seq`,
})

const movesOf = statement<
  [txs: bigint[]],
  {
    tx: bigint
    key: string
    sku: string
    on_hand_delta: bigint
    committed_delta: bigint
    reason: StockMove['reason']
  }
>({
  name: 'verify.movesOf',
  uses: ['stock_moves_tx'],
  text: `select tx, key, sku, on_hand_delta, committed_delta, reason from stock_moves where tx = any($1)`,
})

const eventsOf = statement<[txs: bigint[]], { tx: bigint; id: string; body_sha256: Buffer }>({
  name: 'verify.eventsOf',
  uses: ['events_tx'],
  text: `select tx, id, body_sha256 from events where tx = any($1)`,
})

const unbalanced = statement<[], { currency: string; amount: bigint }>({
  name: 'verify.unbalanced',
  scans: 'the whole ledger is what is checked',
  text: `select currency, sum(amount)::numeric(38, 0) as amount from journal_lines group by currency having sum(amount) <> 0`,
})

const strayStock = statement<[], { sku: string }>({
  name: 'verify.strayStock',
  scans: 'every counter is compared with its moves',
  text: `select s.sku from stock s left join stock_moves m on m.sku = s.sku group by s.sku, s.on_hand, s.committed
         having s.on_hand <> coalesce(sum(m.on_hand_delta), 0) or s.committed <> coalesce(sum(m.committed_delta), 0)`,
})

/**
 * Walks the history from its first link: each link follows from the one before, and covers what its transaction
 * recorded, as it stands in the tables now. `expectedHead` is a hash that was written down elsewhere; the chain must
 * still hold it, so a history that was cut or rewritten is seen even when it is consistent in itself.
 */
export async function verifyHistory(
  db: Database,
  {
    expectedHead,
    onProgress = () => {},
  }: { expectedHead?: string | undefined; onProgress?: (links: number) => void } = {},
): Promise<Verification> {
  const problems: string[] = []
  const [end] = await head(db.web)
  let seq = 0n
  let last = hash('sha256', 'ordersync')
  let holdsExpected = expectedHead === undefined || expectedHead === last
  for (;;) {
    const rows = await linksAfter(db.web, seq, linksPerTrip)
    if (rows.length === 0) break
    const contents = await contentsOf(
      db,
      rows.map(({ tx }) => tx),
    )
    for (const row of rows) {
      if (row.seq !== seq + 1n) problems.push(`link ${seq + 1n} is missing`)
      if (!row.hash.equals(row.expected))
        problems.push(`link ${row.seq} does not follow from the one before it`)
      if (!row.is_later) problems.push(`link ${row.seq} is not later than the one before it`)
      const found = contents.get(row.tx)
      if (found === undefined || !contentOf(found).equals(row.content)) {
        problems.push(`what link ${row.seq} (${row.recorded_at}) recorded is not what is stored now`)
      }
      seq = row.seq
      last = row.hash.toString('hex')
      holdsExpected ||= last === expectedHead
    }
    onProgress(Number(seq))
    if (problems.length > problemsMax) break
  }
  const isWhole = problems.length <= problemsMax
  if (isWhole && end !== undefined && end.seq > seq)
    problems.push(`links ${seq + 1n} to ${end.seq} are missing`)
  if (isWhole && end?.seq === seq && end.hash.toString('hex') !== last)
    problems.push('the head of the chain is not its last link')
  if (!holdsExpected) problems.push(`no link has the hash ${expectedHead}`)
  problems.push(...(await sumProblems(db)))
  return {
    links: Number(seq),
    head: { seq: String(seq), hash: last, recordedAt: end?.recorded_at ?? '' },
    problems,
  }
}

async function sumProblems(db: Database): Promise<readonly string[]> {
  const [currencies, skus] = await Promise.all([unbalanced(db.web), strayStock(db.web)])
  return [
    ...currencies.map(
      ({ currency, amount }) => `the ledger is out of balance by ${amount} minor units of ${currency}`,
    ),
    ...skus.map(({ sku }) => `the stock of ${sku} is not the sum of its moves`),
  ]
}

/** Digests of all that these transactions recorded, computed anew from the rows. */
async function contentsOf(db: Database, txs: readonly bigint[]): Promise<Map<bigint, Buffer[]>> {
  const contents = new Map<bigint, Buffer[]>()
  const add = (tx: bigint, digest: Buffer) => {
    const held = contents.get(tx)
    if (held === undefined) contents.set(tx, [digest])
    else held.push(digest)
  }
  const wanted = [...txs]
  const [facts, entries, moves, events] = await Promise.all([
    factsOf(db.web, wanted),
    entriesOf(db.web, wanted),
    movesOf(db.web, wanted),
    eventsOf(db.web, wanted),
  ])
  for (const row of facts) add(row.tx, hash('sha256', canonicalFact(factOf(row)), 'buffer'))
  for (const row of entries) add(row.tx, entryDigest(entryOf(row)))
  for (const row of moves) {
    const { key, sku, reason } = row
    add(
      row.tx,
      moveDigest({
        key,
        sku,
        reason,
        onHandDelta: Number(row.on_hand_delta),
        committedDelta: Number(row.committed_delta),
      }),
    )
  }
  for (const row of events) add(row.tx, eventDigest(row.id, row.body_sha256))
  return contents
}

function entryOf(row: EntryRow): Parameters<typeof entryDigest>[0] {
  return {
    key: row.key,
    layer: row.layer,
    scope: row.scope,
    mode: row.mode,
    orderId: row.order_id,
    occurredAt: row.occurred_at,
    day: row.day,
    lateInto: row.late_into,
    lines: row.accounts.map((account, index) => ({
      account,
      currency: row.currencies[index]!,
      amountMinor: BigInt(row.amounts[index]!),
    })),
  }
}
