import { listing, normalizing } from './reading.ts'
import type { Subject } from './subject.ts'
import { verifying } from './verifying.ts'

/** One rule that every provider must keep: it returns when the rule holds, and throws when it does not. */
export type Guard = { readonly name: string; readonly run: (subject: Subject) => void | Promise<void> }

/** Everything that a provider is held to. */
export const guards: readonly Guard[] = [...verifying, ...normalizing, ...listing]
