import type { Asked, Told } from './program.ts'

/** OAuth 2 with refresh tokens that are good once: each renewal gives the next, and one that was used is refused. */
export class Tokens {
  readonly #client: { readonly clientId: string; readonly clientSecret: string }
  #refresh: string
  #access = ''
  /** How often tokens were renewed. */
  renewals = 0
  /** How often a token that is worth nothing any more was shown. */
  refusals = 0

  constructor({ refreshToken, ...client }: { clientId: string; clientSecret: string; refreshToken: string }) {
    this.#client = client
    this.#refresh = refreshToken
  }

  renew({ headers, body }: Asked): Told {
    const { clientId, clientSecret } = this.#client
    const form = new URLSearchParams(body)
    const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
    if (headers.authorization !== basic) return { status: 401, json: { error: 'invalid_client' } }
    if (form.get('grant_type') !== 'refresh_token' || form.get('refresh_token') !== this.#refresh) {
      this.refusals += 1
      return { status: 400, json: { error: 'invalid_grant' } }
    }
    this.renewals += 1
    this.#refresh = `refresh-${this.renewals}`
    this.#access = `access-${this.renewals}`
    const json = {
      token_type: 'bearer',
      access_token: this.#access,
      refresh_token: this.#refresh,
      expires_in: 3600,
    }
    return { status: 200, json }
  }

  letsIn(authorization: string | undefined): boolean {
    return this.#access !== '' && authorization === `Bearer ${this.#access}`
  }

  /** The access token that was given is good no more, before its time. */
  revoke(): void {
    this.#access = ''
  }
}
