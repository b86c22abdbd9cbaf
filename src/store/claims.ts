import { statement } from './statement.ts'

/**
 * Claims marks for the body that came first under each; marks that are claimed already stay whose they are. Marks come
 * sorted, so that two flushes cannot deadlock over them.
 */
export const claim = statement<
  [connections: readonly string[], claims: readonly string[], digests: readonly Uint8Array[]],
  never
>({
  name: 'claims.claim',
  uses: ['delivery_claims_pkey'],
  text: `insert into delivery_claims (connection, claim, body_sha256)
    select * from unnest($1::text[], $2::text[], $3::bytea[])
    on conflict (connection, claim) do nothing`,
})

/** Whose body each mark is. In a statement of its own, which sees what another flush has just committed. */
export const holders = statement<
  [connections: readonly string[], claims: readonly string[]],
  { connection: string; claim: string; body_sha256: Buffer }
>({
  name: 'claims.holders',
  uses: ['delivery_claims_pkey'],
  text: `select connection, claim, body_sha256 from delivery_claims
    join unnest($1::text[], $2::text[]) as asked (connection, claim) using (connection, claim)`,
})
