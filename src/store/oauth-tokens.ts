import { statement } from './statement.ts'

/** The newest tokens that come from what the operator gave. */
export const load = statement<
  [id: string, givenHash: Buffer],
  { access_token: string; refresh_token: string; expires_at: string }
>({
  name: 'oauthTokens.load',
  uses: ['oauth_tokens_pkey'],
  text: `select access_token, refresh_token, expires_at from oauth_tokens where id = $1 and given_hash = $2`,
})

/** The right to renew, on the database's clock; no row while another has it. */
export const claim = statement<[id: string, givenHash: Buffer, leaseMs: number], { id: string }>({
  name: 'oauthTokens.claim',
  uses: ['oauth_tokens_pkey'],
  text: `insert into oauth_tokens (id, given_hash, access_token, refresh_token, expires_at, renewing_until)
         values ($1, $2, '', '', 'epoch', clock_timestamp() + $3 * interval '1 millisecond')
             on conflict (id) do update
            set renewing_until = excluded.renewing_until,
                given_hash = excluded.given_hash,
                refresh_token = case when oauth_tokens.given_hash = excluded.given_hash then oauth_tokens.refresh_token else '' end,
                access_token = case when oauth_tokens.given_hash = excluded.given_hash then oauth_tokens.access_token else '' end,
                expires_at = case when oauth_tokens.given_hash = excluded.given_hash then oauth_tokens.expires_at else 'epoch' end
          where oauth_tokens.renewing_until is null or oauth_tokens.renewing_until < clock_timestamp()
      returning id`,
})

export const save = statement<[id: string, access: string, refresh: string, expiresAt: string], never>({
  name: 'oauthTokens.save',
  uses: ['oauth_tokens_pkey'],
  text: `update oauth_tokens set access_token = $2, refresh_token = $3, expires_at = $4, renewing_until = null where id = $1`,
})
