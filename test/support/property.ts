import { test } from 'node:test'
import fc from 'fast-check'

/** Fixed, so that a run can be repeated; `FC_SEED` sets another, and a failure prints the one it had. */
export const seed = Number(process.env.FC_SEED ?? 20_261_125)

/**
 * A test that a property holds for every generated value. Prints its seed; a failure prints the shrunk value and the
 * path to it. `FC_RUNS` multiplies the number of runs, for a long search by hand.
 */
export function property<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => void,
  { runs = 100 }: { runs?: number } = {},
): void {
  test(name, (t) => {
    t.diagnostic(`seed ${seed}`)
    const numRuns = Math.max(1, Math.round(runs * Number(process.env.FC_RUNS ?? 1)))
    fc.assert(fc.property(arbitrary, check), { seed, numRuns })
  })
}
