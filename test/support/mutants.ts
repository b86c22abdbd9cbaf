import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

/** One planted bug: where `find` stands in `file`, `replace` would go unseen but for the test file `caughtBy`. */
export type Mutant = {
  readonly id: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly caughtBy: string
  /** Only tests whose names match; the whole file otherwise. */
  readonly only?: string
  readonly env?: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, '../..')
const copied = ['src', 'test', 'migrations', 'docs/schemas', 'config', 'bin', 'package.json', 'tsconfig.json']

/**
 * A test for each planted bug of a folder: the tests that it names fail on a copy that has it. One more runs the same
 * tests (or `untouched` in their place, where they are long) on a copy that nobody touched, where they pass.
 */
export function plantedBugs(
  title: string,
  folder: string,
  {
    concurrency = 1,
    untouched,
    ...run
  }: { concurrency?: number; untouched?: readonly string[]; testTimeoutMs?: number } = {},
): void {
  const mutants = mutantsIn(folder)
  describe(title, { concurrency }, () => {
    for (const mutant of mutants) {
      const name = `${mutant.id.replaceAll('-', ' ')}, by ${mutant.caughtBy}`
      test(name, { timeout: 240_000 }, async () => {
        const { passed, judged, output } = await tryMutant(mutant, mutant, run)
        assert.ok(judged > 0, `nothing ran, so nothing was judged:\n${output.slice(0, 2_000)}`)
        assert.ok(!passed, `${mutant.id} went unseen`)
      })
    }
    for (const caughtBy of untouched ?? new Set(mutants.map((mutant) => mutant.caughtBy))) {
      test(`an untouched copy passes ${caughtBy}`, { timeout: 240_000 }, async () => {
        const like = mutants.filter((mutant) => mutant.caughtBy === caughtBy)
        const { passed, judged, output } = await tryMutant(undefined, together(caughtBy, like), run)
        assert.ok(passed && judged > 0, output.slice(0, 4_000))
      })
    }
  })
}

/** All that some planted bugs have run of one test file. */
function together(caughtBy: string, like: readonly Mutant[]): Pick<Mutant, 'caughtBy' | 'only' | 'env'> {
  const env = Object.assign({}, ...like.map((mutant) => mutant.env ?? {}))
  const names = like.map((mutant) => mutant.only)
  const isWhole = names.length === 0 || names.includes(undefined)
  return { caughtBy, env, ...(isWhole ? {} : { only: [...new Set(names)].join('|') }) }
}

function mutantsIn(folder: string): Mutant[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
}

/** A copy of the project with one file rewritten (or, without `change`, none). Nothing in the product knows of it. */
export function copyWith(
  change: Pick<Mutant, 'id' | 'file' | 'find' | 'replace'> | undefined,
  parts: readonly string[] = copied,
): string {
  const copy = mkdtempSync(join(tmpdir(), 'ordersync-mutant-'))
  for (const name of parts) cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  if (change === undefined) return copy
  const path = join(copy, change.file)
  const source = readFileSync(path, 'utf8')
  const places = source.split(change.find).length - 1
  assert.equal(
    places,
    1,
    `${change.id} is stale: its text stands ${places} times in ${change.file}, not once`,
  )
  writeFileSync(
    path,
    source.replace(change.find, () => change.replace),
  )
  return copy
}

/** What one test file of a copy came to. `judged` is how many tests ran: a file that cannot even load judges nothing. */
function runTest(
  copy: string,
  { caughtBy, only, env = {} }: Pick<Mutant, 'caughtBy' | 'only' | 'env'>,
  { testTimeoutMs = 120_000 }: { testTimeoutMs?: number },
): Promise<{ passed: boolean; judged: number; output: string }> {
  const { NODE_TEST_CONTEXT: _ours, ...environment } = process.env
  const filter = only === undefined ? [] : [`--test-name-pattern=${only}`]
  // With a bug in it a test may wait for ever, and leave something open.
  const options = ['--test-reporter=tap', '--test-force-exit', `--test-timeout=${testTimeoutMs}`, ...filter]
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--test', ...options, join(copy, caughtBy)],
      { cwd: copy, timeout: 180_000, maxBuffer: 64 << 20, env: { ...environment, ...env } },
      (error, output) => {
        const judged = [...output.matchAll(/^\s*(?:not )?ok \d+ - (?!.*(# SKIP|\.test\.ts$))/gm)].length
        resolve({ passed: error === null, judged, output })
      },
    )
  })
}

/** Copies, runs, and removes the copy. */
async function tryMutant(
  mutant: Mutant | undefined,
  like: Pick<Mutant, 'caughtBy' | 'only' | 'env'>,
  run: { testTimeoutMs?: number },
) {
  const copy = copyWith(mutant)
  try {
    return await runTest(copy, like, run)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
