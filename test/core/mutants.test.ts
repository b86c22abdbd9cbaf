import { join } from 'node:path'
import { plantedBugs } from '../support/mutants.ts'

plantedBugs('bugs planted in a copy of the core are caught', join(import.meta.dirname, 'mutants'), {
  concurrency: 2,
})
