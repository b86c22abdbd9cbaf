import type { Queryable } from './database.ts'
import { statement } from './statement.ts'

type Row = { request_sha256: Buffer; status: number | null; body: string | null }

/** Kept 30 days. One under way for more than two minutes belonged to a process that died: the next one takes it. */
const claimKey = statement<[actor: string, key: string, request: Buffer, now: Date], never>({
  name: 'idempotency.claim',
  uses: ['idempotency_pkey'],
  text: `insert into idempotency as i (actor, key, request_sha256, created_at) values ($1, $2, $3, $4)
             on conflict (actor, key) do update
            set request_sha256 = excluded.request_sha256, status = null, body = null, created_at = excluded.created_at
          where i.created_at < $4::timestamptz - interval '30 days'
             or (i.status is null and i.created_at < $4::timestamptz - interval '2 minutes')
         returning key`,
})

const read = statement<[actor: string, key: string], Row>({
  name: 'idempotency.read',
  uses: ['idempotency_pkey'],
  text: 'select request_sha256, status, body from idempotency where actor = $1 and key = $2',
})

const finish = statement<[actor: string, key: string, status: number, body: string], never>({
  name: 'idempotency.finish',
  uses: ['idempotency_pkey'],
  text: 'update idempotency set status = $3, body = $4 where actor = $1 and key = $2',
})

const release = statement<[actor: string, key: string], never>({
  name: 'idempotency.release',
  uses: ['idempotency_pkey'],
  text: 'delete from idempotency where actor = $1 and key = $2 and status is null',
})

/** A few at a time, as a by-product of new ones: no timer, and no long delete. */
const forget = statement<[now: Date], never>({
  name: 'idempotency.forget',
  uses: ['idempotency_created_at', 'idempotency_pkey'],
  text: `delete from idempotency where (actor, key) in (
           select actor, key from idempotency where created_at < $1::timestamptz - interval '30 days'
            order by created_at limit 20)`,
})

export type IdempotencyKey = { readonly actor: string; readonly key: string }

export type Claim =
  | { readonly kind: 'mine' }
  | { readonly kind: 'under_way' }
  | { readonly kind: 'other_request' }
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }

/** Takes the key for one request, or says what became of the request that has it. */
export async function claim(
  on: Queryable,
  { actor, key }: IdempotencyKey,
  request: Buffer,
  now: Date,
): Promise<Claim> {
  const taken = await claimKey(on, actor, key, request, now)
  if (taken.length === 1) {
    await forget(on, now)
    return { kind: 'mine' }
  }
  const [row] = await read(on, actor, key)
  if (row === undefined) return { kind: 'under_way' } // released in between: the client asks again
  if (!row.request_sha256.equals(request)) return { kind: 'other_request' }
  if (row.status === null) return { kind: 'under_way' }
  return { kind: 'answered', status: row.status, body: row.body ?? '' }
}

/** Keeps the answer that every later request with this key gets. */
export async function keepAnswer(
  on: Queryable,
  { actor, key }: IdempotencyKey,
  status: number,
  body: string,
): Promise<void> {
  await finish(on, actor, key, status, body)
}

/** Gives the key back after a failure of ours, so that asking again tries again. */
export async function giveBack(on: Queryable, { actor, key }: IdempotencyKey): Promise<void> {
  await release(on, actor, key)
}
