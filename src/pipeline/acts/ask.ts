import type { Act, Outcome } from '../../core/outcome.ts'
import * as acts from '../../store/acts.ts'
import type { Connection } from '../../store/database.ts'

type Asking = {
  readonly event: { readonly id: string; readonly connection: string }
  readonly outcome: Outcome | { readonly kind: 'failed' }
}

export function asksToAct(outcomes: readonly Asking[]): boolean {
  return actsOf(outcomes).length > 0
}

/** Makes what these events ask for due, in the transaction that records them; nothing is queued where they ask nothing. */
export function askToAct(on: Connection, outcomes: readonly Asking[]): Promise<unknown>[] {
  const rows = actsOf(outcomes)
  if (rows.length === 0) return []
  return [
    acts.insert(
      on,
      rows.map(({ id }) => id),
      rows.map(({ event }) => event.id),
      rows.map(({ event }) => event.connection),
      rows.map(({ act }) => act.kind),
      rows.map(({ act }) => JSON.stringify(act)),
    ),
  ]
}

function actsOf(outcomes: readonly Asking[]): { act: Act; event: Asking['event']; id: string }[] {
  return outcomes.flatMap(({ event, outcome }) =>
    outcome.kind === 'processed'
      ? (outcome.acts ?? []).map((act, at) => ({ act, event, id: `${event.id}:${at}` }))
      : [],
  )
}
