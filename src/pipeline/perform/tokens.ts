import { createHash } from 'node:crypto'
import type { TokenStore } from '../../sinks/accounting/oauth.ts'
import * as tokens from '../../store/oauth-tokens.ts'
import type { System } from '../system.ts'

// Longer than a renewal may take; after it another process takes over.
const leaseMs = 35_000

/** Keeps the tokens of one company in the database, for every process and every start. */
export function tokenStoreOf(system: System, { id, given }: { id: string; given: string }): TokenStore {
  const on = system.db.worker
  const hash = createHash('sha256').update(given).digest()
  return {
    async load() {
      const [row] = await tokens.load(on, id, hash)
      if (row === undefined || row.refresh_token === '') return undefined
      const { access_token: accessToken, refresh_token: refreshToken, expires_at: expiresAt } = row
      return { accessToken, refreshToken, expiresAt: new Date(expiresAt) }
    },
    async claim() {
      return (await tokens.claim(on, id, hash, leaseMs)).length > 0
    },
    async save({ accessToken, refreshToken, expiresAt }) {
      await tokens.save(on, id, accessToken, refreshToken, expiresAt.toISOString())
    },
  }
}
