import type { Faults } from '../stripe/api/faults.ts'
import type { After } from './after.ts'
import type { Steps } from './steps.ts'
import type { PaypalWorld } from './world.ts'

/** What the API is served from. */
export type PaypalTwinParts = {
  readonly world: PaypalWorld
  readonly steps: Steps
  readonly after: After
  readonly faults: Faults
  readonly clientId: string
  readonly clientSecret: string
  /** Every request that the API got, in order. */
  readonly requests: PaypalRequest[]
}

export type PaypalRequest = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly text: string
}
export type PaypalAnswer = { readonly status: number; readonly body: unknown }

export function problem(status: number, name: string, issue?: string): PaypalAnswer {
  return {
    status,
    body: { name, ...(issue && { details: [{ issue }] }), message: name, debug_id: '90957fca61721' },
  }
}
