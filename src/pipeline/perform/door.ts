import type { Door } from '../../sinks/outgoing/index.ts'
import * as endpoints from '../../store/endpoints.ts'
import { nextTx } from '../../store/facts.ts'
import { type Notice, tellTeam } from '../notices.ts'
import { signal } from '../signal.ts'
import type { System } from '../system.ts'

/** Keeps in the database whether one endpoint is called, and tells people once when it is no more. */
export function doorOf(system: System, id: string): Door {
  const on = system.db.worker
  return {
    async closed() {
      const [row] = await endpoints.disabledEndpoint(on, id)
      return row === undefined ? undefined : `${row.reason} (since ${row.disabled_at})`
    },
    async close(reason) {
      const rows = await endpoints.disableEndpoint(on, id, reason)
      if (rows.length === 0) return
      system.log.warn('an endpoint was disabled', { endpoint: id, reason })
      await tell(system, id, reason)
    },
    async open() {
      await endpoints.enableEndpoint(on, id)
      system.log.warn('an endpoint works again', { endpoint: id })
    },
    async tookSomethingSince(effectId) {
      const [row] = await endpoints.tookSomethingSince(on, id, effectId)
      return row?.took === true
    },
  }
}

/** Wanted by whoever wants dead letters: it is one for every event from now on. */
async function tell(system: System, id: string, reason: string): Promise<void> {
  const on = system.db.worker
  const [connection] = system.config.connections
  const notice: Notice = {
    rule: 'dead_letter',
    code: 'endpoint_disabled',
    about: `${id}:${system.now().toISOString()}`,
    connection: connection!.id,
    body: { resource: `endpoint ${id}`, detail: reason },
  }
  await tellTeam(on, system, [notice], (await nextTx(on))[0]!.tx)
  signal.emit('effects')
}
