import type { Statement } from '../../core/fact.ts'
import type { Outcome } from '../../core/outcome.ts'
import { Unreadable } from './json.ts'

/** What `read` makes of a payload, or `payload_unreadable` with the path of the field that was in the way. */
export function outcomeOf(read: () => Outcome): Outcome {
  try {
    return read()
  } catch (error) {
    const detail =
      error instanceof Unreadable
        ? error.message
        : `cannot be read (${error instanceof Error ? error.name : 'error'})`
    return { kind: 'needs_review', code: 'payload_unreadable', detail }
  }
}

/** `processed`, or `ignored` where nothing is left to say. */
export function stating(statements: readonly Statement[]): Outcome {
  return statements.length === 0
    ? { kind: 'ignored', reason: 'states_nothing' }
    : { kind: 'processed', statements }
}

/**
 * `accept` of the configuration: an object that carries the shop's own fields must have each wanted value; one that
 * never does (`isStrict` false) only must not have another.
 */
export function isAccepted(
  accept: { readonly [path: string]: string },
  heldAt: (path: string) => string | undefined,
  isStrict: boolean,
): boolean {
  return Object.entries(accept).every(([path, wanted]) => {
    const value = heldAt(path)
    return value === wanted || (value === undefined && !isStrict)
  })
}
