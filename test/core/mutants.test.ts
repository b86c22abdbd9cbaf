import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

/** One planted bug: where `find` stands in the core, `replace` would go unseen but for the test named by `caughtBy`. */
type Mutant = {
  readonly id: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly caughtBy: string
}

const root = join(import.meta.dirname, '../..')
const folder = join(import.meta.dirname, 'mutants')
const mutants = readdirSync(folder).map(
  (name): Mutant => JSON.parse(readFileSync(join(folder, name), 'utf8')),
)

/** A copy of the core and its tests, with one file rewritten. Nothing in the product knows of mutants. */
function copyWith(mutant: Mutant | undefined): string {
  const copy = mkdtempSync(join(tmpdir(), 'ordersync-mutant-'))
  cpSync(join(root, 'src/core'), join(copy, 'src/core'), { recursive: true })
  cpSync(import.meta.dirname, join(copy, 'test/core'), { recursive: true })
  mkdirSync(join(copy, 'test/support'))
  cpSync(join(root, 'test/support/property.ts'), join(copy, 'test/support/property.ts'))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}')
  if (mutant === undefined) return copy
  const path = join(copy, 'src/core', mutant.file)
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

/** Runs the named test files of a copy: true when all of them pass. Throws when they did not get so far as to run. */
function passes(copy: string, files: readonly string[]): Promise<boolean> {
  const { NODE_TEST_CONTEXT: _ours, ...environment } = process.env
  const paths = files.map((file) => join(copy, 'test/core', file))
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--test', '--test-reporter=tap', ...paths],
      { cwd: copy, timeout: 60_000, env: { ...environment, FC_RUNS: '0.5' } },
      (error, output) => {
        if (!/^# pass [1-9]/m.test(output))
          reject(new Error(`nothing passed, so nothing was judged:\n${output.slice(0, 2_000)}`))
        else resolve(error === null)
      },
    )
  })
}

async function isCaught(mutant: Mutant): Promise<boolean> {
  const copy = copyWith(mutant)
  try {
    return !(await passes(copy, [mutant.caughtBy]))
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

describe('bugs planted in a copy of the core are caught', { concurrency: 2 }, () => {
  for (const mutant of mutants) {
    test(`${mutant.id.replaceAll('-', ' ')}, by ${mutant.caughtBy}`, async () => {
      assert.equal(await isCaught(mutant), true)
    })
  }

  test('an untouched copy passes, and so does one of which only a comment changed', async () => {
    const files = [...new Set(mutants.map((mutant) => mutant.caughtBy))]
    const comment = {
      id: 'comment',
      file: 'fold.ts',
      find: '/** Kept money covers',
      replace: '/** Money kept covers',
      caughtBy: '',
    }
    for (const copy of [copyWith(undefined), copyWith(comment)]) {
      try {
        assert.equal(await passes(copy, files), true)
      } finally {
        rmSync(copy, { recursive: true, force: true })
      }
    }
  })
})
