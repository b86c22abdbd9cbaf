import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guards } from './guards.ts'
import { type Mistake, withMistake } from './patched.ts'
import type { Subject } from './subject.ts'

/**
 * For each guard of the suite a mistake somebody could make in this provider, which the guard must catch. `idle` are
 * guards that say nothing of this provider.
 */
export function controls(
  subject: Subject,
  mistakes: ReadonlyMap<string, Mistake>,
  idle: readonly string[] = [],
): void {
  test('every guard has its control', () => {
    assert.deepEqual([...mistakes.keys(), ...idle].sort(), guards.map(({ name }) => name).sort())
  })

  for (const { name, run } of guards.filter((guard) => !idle.includes(guard.name))) {
    test(`control: a planted mistake breaks "${name}"`, async () => {
      await withMistake(subject.provider.name, mistakes.get(name)!, async (provider) => {
        await assert.rejects(async () => run({ ...subject, provider }))
      })
    })
  }
}
