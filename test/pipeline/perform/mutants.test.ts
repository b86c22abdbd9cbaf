import { join } from 'node:path'
import { plantedBugs } from '../../support/mutants.ts'

plantedBugs('bugs planted in performing and its sinks are caught', join(import.meta.dirname, 'mutants'), {
  concurrency: 2,
  testTimeoutMs: 10_000,
})
