import { hash, randomBytes } from 'node:crypto'
import type { Database, Queryable } from './database.ts'
import { statement } from './statement.ts'

export type Role = 'viewer' | 'operator' | 'admin'

export type KeyRow = {
  seq: bigint
  id: string
  prefix: string
  role: Role
  connections: string[] | null
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
}

const columns = 'seq, id, prefix, role, connections, created_at, expires_at, last_used_at, revoked_at'

/** The key with this hash while it may be used. Asked at every request, so a revocation holds from the next one on. */
const byHash = statement<[hash: Buffer, now: Date], KeyRow>({
  name: 'keys.byHash',
  uses: ['keys_hash_key'],
  text: `select ${columns} from keys
          where hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)`,
})

/** At most one write a minute and key: last use is for people, and reads should not write. */
const touch = statement<[id: string, now: Date], never>({
  name: 'keys.touch',
  uses: ['keys_pkey'],
  text: `update keys set last_used_at = $2
          where id = $1 and (last_used_at is null or last_used_at < $2::timestamptz - interval '1 minute')`,
})

const insert = statement<
  [
    id: string,
    prefix: string,
    hash: Buffer,
    role: Role,
    connections: readonly string[] | null,
    created: Date,
    expires: string | null,
  ],
  KeyRow
>({
  name: 'keys.insert',
  text: `insert into keys (id, prefix, hash, role, connections, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7) returning ${columns}`,
})

const upsertBootstrap = statement<[id: string, prefix: string, hash: Buffer], never>({
  name: 'keys.upsertBootstrap',
  uses: ['keys_pkey'],
  text: `insert into keys (id, prefix, hash, role) values ($1, $2, $3, 'admin')
             on conflict (id) do update set hash = excluded.hash, prefix = excluded.prefix, revoked_at = null
          where keys.hash <> excluded.hash`,
})

/** Newest first; `before` is the last seq of the page before. */
export const listKeys = statement<[before: bigint, limit: number], KeyRow>({
  name: 'keys.list',
  uses: ['keys_seq'],
  text: `select ${columns} from keys where seq < $1 order by seq desc limit $2`,
})

const revoke = statement<[id: string, now: Date], KeyRow>({
  name: 'keys.revoke',
  uses: ['keys_pkey'],
  text: `update keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning ${columns}`,
})

/** SHA-256 is enough for a secret of 256 random bits: there is nothing to guess that a slow hash would protect. */
export function hashOfKey(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

/** The usable key that this text is, its last use noted; undefined when unknown, expired or revoked. */
export async function findKey(on: Queryable, key: string, now: Date): Promise<KeyRow | undefined> {
  const [row] = await byHash(on, hashOfKey(key), now)
  if (row !== undefined) await touch(on, row.id, now)
  return row
}

/** Makes a key of 256 random bits. The key itself is in the answer and nowhere else: only its hash is kept. */
export async function createKey(
  on: Queryable,
  {
    id,
    role,
    connections,
    expiresAt,
    now,
  }: {
    id: string
    role: Role
    connections: readonly string[] | null
    expiresAt: string | null
    now: Date
  },
): Promise<{ key: string; row: KeyRow }> {
  const key = `osk_${randomBytes(32).toString('base64url')}`
  const [row] = await insert(on, id, key.slice(0, 12), hashOfKey(key), role, connections, now, expiresAt)
  return { key, row: row! }
}

/** Revoked for good; revoking again changes nothing. Undefined: no such key. */
export async function revokeKey(on: Queryable, id: string, now: Date): Promise<KeyRow | undefined> {
  return (await revoke(on, id, now))[0]
}

/**
 * Makes the admin key of the configuration or the data directory usable, at every start. A changed key takes the place
 * of the former one, which stops working; one that was revoked by hand stays revoked until it is changed.
 */
export async function ensureAdminKey(db: Database, key: string): Promise<void> {
  // No prefix of the key: a key that a person chose may have its guessable part in front.
  await upsertBootstrap(db.web, 'key_bootstrap', 'bootstrap', hashOfKey(key))
}
