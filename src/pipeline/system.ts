import type { KeyObject } from 'node:crypto'
import type { Logger } from 'winston'
import type { Config } from '../config.ts'
import type { Provider } from '../providers/provider.ts'
import type { Database } from '../store/database.ts'
import type { Queue } from './queue.ts'

/** What every step of the pipeline is given: nothing here is global, so a test can start as many as it likes. */
export type System = {
  readonly config: Config
  readonly log: Logger
  readonly db: Database
  readonly queue: Queue
  readonly providers: ReadonlyMap<string, Provider>
  /** Our wall clock, a parameter so that tests can move it. Never decides what an order is. */
  readonly now: () => Date
  /** Key of the hashes by which people are found again (settings.person_key). */
  readonly personKey: KeyObject
  /** External effects are made for polled facts only from this instant on (settings.first_start, or the file's). */
  readonly effectsSince: Date
}
