import { globSync, statSync } from 'node:fs'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { packageFile } from '../src/package-root.ts'
import { sweepTestDatabases } from '../test/support/database.ts'
import { leaveTestServer } from '../test/support/server.ts'

/**
 * `node scripts/test.ts [folder or file …]`: every test below test/, or below what is named. Closes with one line,
 * `N passed, N failed`, and fails when it found nothing to run.
 */
const named = process.argv.slice(2)
const patterns = (named.length > 0 ? named : ['test']).map((path) =>
  isFolder(path) ? `${path.replace(/\/+$/, '')}/**/*.test.ts` : path,
)
const files = globSync(patterns).sort()

// Kept between files and runs: most files load most of the product, and stripping its types is half of a file's start.
process.env.NODE_COMPILE_CACHE ??= packageFile('node_modules/.cache/ordersync')
await sweepTestDatabases() // and so the server is up, and stays up, for the whole run
// Four at a time even on two cores: the files wait, for the database and for each other's processes, more than they compute.
const stream = run({ files, concurrency: 4 })
let passed = 0
let failed = 0
stream.on('test:summary', ({ file, counts }) => {
  if (file !== undefined) return
  passed = counts.passed
  failed = counts.tests - counts.passed - counts.skipped - counts.todo
})
const report = stream.compose(spec)
report.pipe(process.stdout, { end: false })
await new Promise((resolve) => report.on('end', resolve))
await leaveTestServer()
if (files.length === 0 || passed + failed === 0) console.error(`no tests in ${patterns.join(' ')}`)
if (failed > 0 || passed === 0) process.exitCode = 1
process.stdout.write(`${passed} passed, ${failed} failed\n`)

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
