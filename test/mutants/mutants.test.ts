import { plantedBugs } from '../support/mutants.ts'

/**
 * The races, the crash test, the scenarios and the guards of the admin API are worth something only if they see a bug.
 * Each file beside this one plants one in a copy of the project.
 */
plantedBugs('bugs planted in the line are caught', import.meta.dirname, {
  untouched: ['test/pipeline/record.test.ts', 'test/http/admin/auth.test.ts'],
})
