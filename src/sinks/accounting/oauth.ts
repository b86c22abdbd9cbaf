import { ask } from './ask.ts'

export type Tokens = {
  readonly accessToken: string
  readonly expiresAt: Date
  readonly refreshToken: string
}

/** Where the newest tokens are kept: a refresh token that was used is worth nothing any more. */
export type TokenStore = {
  load(): Promise<Tokens | undefined>
  /** The right to ask for new ones, for half a minute; false while another process has it. */
  claim(): Promise<boolean>
  save(tokens: Tokens): Promise<void>
}

export type OAuthSettings = {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** As the operator got it; the first one, until a refresh gives the next. */
  readonly refreshToken: string
  readonly store: TokenStore
  readonly now: () => Date
}

export type Access =
  | { readonly kind: 'granted'; readonly token: string }
  /** Nothing can be written until it changes. */
  | { readonly kind: 'absent'; readonly reason: string; readonly retryAfterMs?: number }

// A token is not used in its last minute: the call with it takes time, and clocks differ.
const marginMs = 60_000

/** An access token that is good for a call now: the kept one, else a new one, kept before it is used. */
export async function accessOf(settings: OAuthSettings, signal: AbortSignal): Promise<Access> {
  const { store, now } = settings
  const held = await store.load()
  if (held !== undefined && held.expiresAt.getTime() - now().getTime() > marginMs)
    return { kind: 'granted', token: held.accessToken }
  if (!(await store.claim()))
    return { kind: 'absent', reason: 'tokens are being renewed', retryAfterMs: 2_000 }
  const { clientId, clientSecret } = settings
  const answer = await ask(
    {
      method: 'POST',
      url: settings.tokenUrl,
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: held?.refreshToken ?? settings.refreshToken,
      }).toString(),
    },
    signal,
  )
  if (answer.kind === 'broken') return { kind: 'absent', reason: `tokens were not renewed: ${answer.reason}` }
  const { access_token: accessToken, expires_in: seconds, refresh_token: refreshToken, error } = answer.json
  if (answer.status !== 200 || typeof accessToken !== 'string' || typeof refreshToken !== 'string') {
    const words = error === 'invalid_grant' ? ': authorise anew and set refreshToken' : ''
    return { kind: 'absent', reason: `tokens were not renewed: answered ${answer.status}${words}` }
  }
  const expiresAt = new Date(now().getTime() + (typeof seconds === 'number' ? seconds : 0) * 1_000)
  await store.save({ accessToken, expiresAt, refreshToken })
  return { kind: 'granted', token: accessToken }
}

/** The token was refused though it should be good: the next call renews it. */
export async function forget(store: TokenStore): Promise<void> {
  const held = await store.load()
  if (held !== undefined) await store.save({ ...held, expiresAt: new Date(0) })
}
