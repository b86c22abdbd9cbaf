import type { System } from '../pipeline/system.ts'
import { findKey, type Role } from '../store/keys.ts'

export type { Role } from '../store/keys.ts'

/** Whoever asks: a key, what it may do, and for which connections (null: all). */
export type Actor = {
  readonly keyId: string
  readonly role: Role
  readonly connections: readonly string[] | null
  /** The key itself, for sealing what is kept for its holder alone. Never stored, never logged. */
  readonly secret: string
}

const rank: { readonly [R in Role]: number } = { viewer: 0, operator: 1, admin: 2 }

/** viewer < operator < admin. */
export function mayAct(actor: Actor, role: Role): boolean {
  return rank[actor.role] >= rank[role]
}

const bearer = /^Bearer ([\x21-\x7e]{1,512})$/i

/** The holder of the key in an `Authorization` header; undefined when it names none that is valid now. */
export async function actorOf(system: System, authorization: string | undefined): Promise<Actor | undefined> {
  const secret = authorization === undefined ? undefined : bearer.exec(authorization)?.[1]
  if (secret === undefined) return undefined
  const row = await findKey(system.db.web, secret, system.now())
  return row && { keyId: row.id, role: row.role, connections: row.connections, secret }
}

const failuresAllowed = 100 // a minute and address; a person mistypes a few times, a script that guesses does not stop
const windowMs = 60_000
const addressesRemembered = 10_000

/** Counts failed sign-ins per address. The key is tried first, so a valid one is never refused for its neighbours. */
export function failureLimit(now: () => Date): { failed(address: string): boolean } {
  let windowStart = 0
  const failures = new Map<string, number>()
  return {
    /** Notes one failure; true when this address has had too many in this minute. */
    failed(address) {
      const at = now().getTime()
      if (Math.abs(at - windowStart) >= windowMs || failures.size > addressesRemembered) {
        failures.clear()
        windowStart = at
      }
      const count = (failures.get(address) ?? 0) + 1
      failures.set(address, count)
      return count > failuresAllowed
    },
  }
}
