import { createGroupCommit, type GroupCommit, type Load } from './group-commit.ts'
import { flushEvents } from './flush.ts'
import { eventId, type Incoming, type NewEvent, type Stored } from './incoming.ts'
import { eventsPerWakeUpMax } from './queue.ts'
import type { System } from './system.ts'

export { Overloaded } from './group-commit.ts'
export { eventId, type NewEvent, type Stored } from './incoming.ts'

const lanes = 2 // one waits for its commit while the other fills; more did not help on two cores
const overheadBytes = 1_024 // headers, ids and what the runtime adds around a body

const intakes = new WeakMap<System['db'], GroupCommit<Incoming, Stored>>()

/**
 * Stores events with their wake-up, and resolves once that is committed, in the order given. The only door into
 * `events`: webhooks, polls and re-reads all use it. Rejects with `Overloaded` when the database cannot take it in
 * time, and with the database's error when the outcome is unknown; either way the same call can be made again.
 */
export function storeEvents(system: System, events: readonly NewEvent[]): Promise<Stored[]> {
  return Promise.all(events.map((event) => storeEvent(system, event)))
}

/** As `storeEvents`, for one. */
export function storeEvent(system: System, event: NewEvent): Promise<Stored> {
  return intakeOf(system).add({
    id: eventId(event.connection, event.providerEventId),
    bytes: event.body.length + overheadBytes,
    event,
  })
}

/** What waits to be committed or is being committed now. */
export function intakeLoad(system: System): Load {
  return intakeOf(system).load
}

function intakeOf(system: System): GroupCommit<Incoming, Stored> {
  let intake = intakes.get(system.db)
  if (intake === undefined) {
    const { pendingWrites, pendingBytes, waitMs } = system.config.limits
    const scopes = new Map(system.config.connections.map(({ id, account }) => [id, account]))
    intake = createGroupCommit<Incoming, Stored>({
      flush: (batch) => flushEvents(system, scopes, batch),
      lanes,
      besideMin: eventsPerWakeUpMax / 2,
      flushMax: eventsPerWakeUpMax,
      rowsMax: pendingWrites,
      bytesMax: pendingBytes,
      waitMs,
    })
    intakes.set(system.db, intake)
  }
  return intake
}
