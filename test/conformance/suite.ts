import { test } from 'node:test'
import { guards } from './guards.ts'
import type { Subject } from './subject.ts'

/**
 * Holds one provider to the rules of all: a provider's test is its fixtures and one call of this.
 *
 * Each guard has a control in the provider's own test (`controls`): a planted mistake that makes it fail.
 */
export function conformance(subject: Subject): void {
  for (const guard of guards) {
    test(`${subject.provider.name}: ${guard.name}`, () => guard.run(subject))
  }
}
