import type { Json, Request } from './ask.ts'
import type { AccountMap, Summary } from './summary.ts'

/** How one accounting program is spoken to. */
export type Program = {
  origin(mode: 'test' | 'live'): string
  readonly tokenUrl: string
  /** How long nothing is asked after it said that there were too many calls, where it does not say so itself. */
  readonly quietMs: number
  /** Why a summary cannot stand in it at all. */
  refusal(summary: Summary, books: { baseCurrency: string }): string | undefined
  bodyOf(summary: Summary, books: { accounts: AccountMap; baseCurrency: string }): object
  /** The call that writes it; the same `id` writes nothing anew. */
  write(given: { origin: string; company: string; id: string; body: Uint8Array<ArrayBuffer> }): Request
  /** Their id of what was written. */
  written(json: Json): string | undefined
  /** The call that looks for it. */
  find(given: { origin: string; company: string; summary: Pick<Summary, 'id' | 'text'> }): Request
  found(json: Json): string | undefined
  /** Their words for what is wrong. */
  wordsOf(json: Json): string | undefined
}
