import { test } from 'node:test'
import fc from 'fast-check'

/** Fixed, so that a run can be repeated; `FC_SEED` sets another, and a failure prints the one it had. */
export const seed = Number(process.env.FC_SEED ?? 20_261_125)

const runsFactor = Number(process.env.FC_RUNS ?? 1)

/**
 * A test that a property holds for every generated value. Prints its seed; a failure prints what was violated, the
 * shrunk value by `show`, and the seed that finds it again. `FC_RUNS` multiplies the number of runs.
 */
export function property<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => void,
  { runs = 100, show = shown }: { runs?: number; show?: (value: T) => string } = {},
): void {
  test(name, (t) => {
    t.diagnostic(`seed ${seed}`)
    const numRuns = Math.max(1, Math.round(runs * runsFactor))
    const found = fc.check(fc.property(arbitrary, check), { seed, numRuns })
    if (!found.failed) return
    const [value] = found.counterexample ?? []
    const cause =
      found.errorInstance instanceof Error
        ? found.errorInstance.message
        : 'too few values met the precondition'
    throw new Error(
      `${cause}\nFC_SEED=${seed}, run ${found.numRuns}, path ${found.counterexamplePath}\n${value === undefined ? '' : show(value)}`,
    )
  })
}

function shown(value: unknown): string {
  return fc.stringify(value).slice(0, 4_000)
}
