import { effectsDue, stockTarget } from '../../src/core/due.ts'
import type { Policy } from '../../src/core/effect.ts'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold, type FoldContext } from '../../src/core/fold.ts'
import { type Books, defaultBooks, type JournalEntry, type JournalLine } from '../../src/core/journal.ts'
import { movements } from '../../src/core/movements.ts'
import { recognition, recognitionTarget } from '../../src/core/recognition.ts'
import { balancesOf } from './books.ts'
import { policy as effectPolicy } from './factory.ts'
import { isAccountLevel } from './lives.ts'

/** What decides besides the facts. */
export type Deciding = { readonly books?: Books; readonly context?: FoldContext; readonly policy?: Policy }

/** All that follows from a set of facts, as it is learned in one piece. */
export function result(facts: readonly KnownFact[], deciding: Deciding = {}) {
  const { books = defaultBooks, context = {}, policy = effectPolicy } = deciding
  const order = fold(
    facts.filter((one) => !isAccountLevel(one)),
    context,
  )
  return {
    order,
    due: effectsDue(order, policy, [], 'shop'),
    stock: stockTarget(order, policy),
    entries: movements(facts, books),
    recognised: recognitionTarget(order, books),
  }
}

/** What the service does with the same facts as they come in, batch by batch: it inserts what is missing, and no more. */
export class Learner {
  readonly #deciding: Deciding
  readonly books: Books
  readonly entries = new Map<string, JournalEntry>()
  readonly recognised: JournalLine[] = []
  readonly effects: { key: string; state: string }[] = []
  readonly stock = new Map<string, { onHand: number; committed: number }>()
  readonly known: KnownFact[] = []

  constructor(deciding: Deciding = {}) {
    this.#deciding = deciding
    this.books = deciding.books ?? defaultBooks
  }

  learn(batch: readonly KnownFact[]): void {
    this.known.push(...batch)
    const { context = {}, policy = effectPolicy } = this.#deciding
    const order = fold(
      this.known.filter((one) => !isAccountLevel(one)),
      context,
    )
    const posted = new Set(this.entries.keys())
    for (const entry of movements(this.known, this.books, posted)) {
      if (!posted.has(entry.key)) this.entries.set(entry.key, entry)
    }
    this.recognised.push(...recognition(recognitionTarget(order, this.books), balancesOf(this.recognised)))
    for (const { key } of effectsDue(order, policy, this.effects, 'shop'))
      this.effects.push({ key, state: 'done' })
    this.stock.clear()
    for (const [sku, target] of stockTarget(order, policy)) this.stock.set(sku, target)
  }

  lines(): JournalLine[] {
    return [...[...this.entries.values()].flatMap((entry) => entry.lines), ...this.recognised]
  }

  openRequests(): number {
    const count = (prefix: string) => this.effects.filter((effect) => effect.key.startsWith(prefix)).length
    return count('fulfil:') - count('cancel:')
  }
}

/** What an entry says. When it happened, and who says so, is as of when it was posted: a better witness may come later. */
export function content(entry: JournalEntry): object {
  return { key: entry.key, lines: entry.lines, description: entry.description }
}

/** Facts as they are told, cut where the service happens to take them up. */
export function batches(told: readonly KnownFact[], cuts: readonly number[]): KnownFact[][] {
  const edges = [0, ...[...cuts].sort((a, b) => a - b), told.length]
  return edges.slice(1).map((edge, index) => told.slice(edges[index], edge))
}
