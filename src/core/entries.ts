import type { KnownFact } from './fact.ts'
import type { JournalEntry, JournalLine } from './journal.ts'

/** A balanced entry from lines, those of zero left out; undefined where nothing is left. */
export function entryOf(
  key: string,
  fact: KnownFact,
  lines: readonly JournalLine[],
  options: { occurredAt?: string; description?: string; factIds?: readonly string[] } = {},
): JournalEntry[] {
  const moved = lines.filter((line) => line.amountMinor !== 0n)
  if (moved.length === 0) return []
  return [
    {
      key,
      layer: 'movement',
      occurredAt: options.occurredAt ?? fact.occurredAt,
      description: options.description ?? `${fact.kind.replaceAll('_', ' ')} ${fact.subject.id}`,
      factIds: options.factIds ?? [fact.id],
      lines: moved,
    },
  ]
}

/** Debits `to` and credits `from`; a negative amount moves the other way. */
export function transfer(to: string, from: string, currency: string, amountMinor: bigint): JournalLine[] {
  return [
    { account: to, currency, amountMinor },
    { account: from, currency, amountMinor: -amountMinor },
  ]
}

/** The key of the entry that one fact alone brings. */
export function keyOf(id: string): string {
  return `journal:${id}`
}
