import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mutantsIn, tryMutant } from '../support/mutants.ts'

/**
 * The races, the crash test and the scenarios are worth something only if they see a bug. Each file beside this one plants
 * one in a copy of the project; the test it names must fail there, and pass on a copy that nobody touched.
 */
describe('planted bugs in the line', () => {
  for (const mutant of mutantsIn(import.meta.dirname)) {
    test(`${mutant.id} is caught by ${mutant.caughtBy}`, { timeout: 240_000 }, async () => {
      const { passed, judged, output } = await tryMutant(mutant, mutant)
      assert.ok(judged > 0, `nothing ran, so nothing was judged:\n${output.slice(0, 2_000)}`)
      assert.ok(!passed, `${mutant.id} went unseen`)
    })
  }

  test('an untouched copy passes the same tests', { timeout: 240_000 }, async () => {
    const like = { caughtBy: 'test/pipeline/record.test.ts' }
    const { passed, output } = await tryMutant(undefined, like)
    assert.ok(passed, output.slice(0, 4_000))
  })
})
