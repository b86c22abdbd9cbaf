import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

/** One planted bug: a text that stands once in a file of ours, what it becomes, and the tests that must fail. */
type Mutant = { id: string; file: string; find: string; replace: string; caughtBy: Tests }
type Tests = { file: string; test: string }

const root = join(import.meta.dirname, '../../..')
const folder = join(import.meta.dirname, 'mutants')
const mutants = readdirSync(folder).map(
  (name): Mutant => JSON.parse(readFileSync(join(folder, name), 'utf8')),
)

/** A copy of what performing needs, with one text rewritten. Nothing in the product knows of mutants. */
function copyWith(mutant: Mutant | undefined): string {
  const copy = mkdtempSync(join(tmpdir(), 'ordersync-mutant-'))
  for (const part of [
    'src',
    'migrations',
    'docs/schemas',
    'package.json',
    'test/support',
    'test/sinks',
    'test/pipeline',
  ])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  if (mutant === undefined) return copy
  const path = join(copy, mutant.file)
  const source = readFileSync(path, 'utf8')
  const places = source.split(mutant.find).length - 1
  assert.equal(
    places,
    1,
    `${mutant.id} is stale: its text stands ${places} times in ${mutant.file}, not once`,
  )
  writeFileSync(
    path,
    source.replace(mutant.find, () => mutant.replace),
  )
  return copy
}

/** Runs the named tests of a copy: true when all of them pass. Throws when none was there to run. */
function passes(copy: string, { file, test: name }: Tests): Promise<boolean> {
  const { NODE_TEST_CONTEXT: _ours, ...environment } = process.env
  const options = [
    '--test-reporter=tap',
    '--test-force-exit',
    '--test-timeout=10000',
    `--test-name-pattern=${name}`,
  ]
  return new Promise((resolve, reject) => {
    const args = ['--test', ...options, join(copy, 'test', file)]
    execFile(process.execPath, args, { cwd: copy, timeout: 60_000, env: environment }, (error, output) => {
      if (!new RegExp(`^# Subtest: .*${name}`, 'm').test(output))
        reject(new Error(`nothing was judged:\n${output.slice(0, 2_000)}`))
      else resolve(error === null)
    })
  })
}

async function isCaught(mutant: Mutant | undefined, tests: Tests): Promise<boolean> {
  const copy = copyWith(mutant)
  try {
    return !(await passes(copy, tests))
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

describe('bugs planted in a copy of performing and its sinks are caught', { concurrency: 2 }, () => {
  for (const mutant of mutants) {
    test(`${mutant.id.replaceAll('-', ' ')}, and the same tests pass without it`, async () => {
      assert.equal(await isCaught(undefined, mutant.caughtBy), false)
      assert.equal(await isCaught(mutant, mutant.caughtBy), true)
    })
  }
})
