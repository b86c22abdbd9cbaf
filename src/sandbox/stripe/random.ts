/** Numbers that look random and are the same for the same seed (mulberry32). */
export type Random = {
  /** 0 ≤ x < 1. */
  next(): number
  /** 0 ≤ n < below. */
  below(below: number): number
  pick<T>(from: readonly T[]): T
  shuffle<T>(items: readonly T[]): T[]
}

/** Any text or number is a seed; equal seeds give equal sequences on every machine. */
export function randomFrom(seed: string | number): Random {
  let state = hashOf(String(seed))
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    pick: (from) => from[below(from.length)]!,
    shuffle: (items) => {
      const shuffled = [...items]
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = below(last + 1)
        ;[shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!]
      }
      return shuffled
    },
  }
}

/** FNV-1a: spreads seeds that differ in one character. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash | 0
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Ids as Stripe makes them: a prefix that says the kind, and letters that do not sort by time. */
export function createIds(seed: string | number): (prefix: string) => string {
  const random = randomFrom(`ids:${seed}`)
  let count = 0
  return (prefix) => {
    // The count makes them unique whatever the generator does; it is written in the middle so that nobody sorts by it.
    const unique = (count++).toString(36).padStart(4, '0')
    const letters = (n: number) =>
      Array.from({ length: n }, () => alphabet[random.below(alphabet.length)]).join('')
    return `${prefix}_3T${letters(8)}${unique}${letters(10)}`
  }
}
