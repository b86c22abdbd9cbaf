import type { Queryable } from './database.ts'
import { statement } from './statement.ts'

export type AuditRow = {
  seq: bigint
  at: string
  actor: string
  action: string
  target: string
  address: string | null
  result: string
  detail: string
}

const insert = statement<
  [
    at: Date,
    actor: string,
    action: string,
    target: string,
    address: string | null,
    result: string,
    detail: string,
  ],
  never
>({
  name: 'audit.insert',
  text: `insert into audit (at, actor, action, target, address, result, detail) values ($1, $2, $3, $4, $5, $6, $7)`,
})

/** Who did what, newest first; of one actor, or of all. */
export const listAudit = statement<[before: bigint, limit: number, actor: string | null], AuditRow>({
  name: 'audit.list',
  uses: ['audit_pkey'],
  text: `select seq, at, actor, action, target, address, result, detail from audit
          where seq < $1 and ($3::text is null or actor = $3) order by seq desc limit $2`,
})

/** One act: `actor` is a key's id, `target` a resource's id. Never a body, a secret or a person: this is kept for ever. */
export type Act = {
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly address: string | null
  readonly result: string
  readonly detail?: { readonly [name: string]: string | number | boolean | null }
}

export async function writeAudit(on: Queryable, act: Act): Promise<void> {
  await insert(
    on,
    act.at,
    act.actor,
    act.action,
    act.target,
    act.address,
    act.result,
    JSON.stringify(act.detail ?? {}),
  )
}
