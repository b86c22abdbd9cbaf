import type { World } from '../world.ts'
import type { Faults } from './faults.ts'
import type { Request } from './routes.ts'

export type Answer = { status: number; body: string; headers: { [name: string]: string } }

export type ApiOptions = {
  readonly world: World
  readonly faults: Faults
  /** The only key that opens it. Default: anything that looks like a secret or restricted key. */
  readonly apiKey?: string | undefined
}

/** One request of the API, read: `text` is its body as it came. */
export type Asked = Request & { readonly id: string; readonly text: string }
