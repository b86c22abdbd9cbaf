import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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
const copied = ['src', 'test', 'migrations', 'config', 'bin', 'package.json', 'tsconfig.json']

/** The planted bugs of a folder of JSON files. */
export function mutantsIn(folder: string): Mutant[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
}

/** A copy of the project with one file rewritten (or, without `change`, none). Nothing in the product knows of it. */
export function copyWith(change: Pick<Mutant, 'id' | 'file' | 'find' | 'replace'> | undefined): string {
  const copy = mkdtempSync(join(tmpdir(), 'ordersync-mutant-'))
  for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  if (change === undefined) return copy
  const path = join(copy, change.file)
  const source = readFileSync(path, 'utf8')
  const places = source.split(change.find).length - 1
  assert.equal(places, 1, `${change.id} is stale: its text stands ${places} times in ${change.file}, not once`)
  writeFileSync(path, source.replace(change.find, () => change.replace))
  return copy
}

/** What one test file of a copy came to. `judged` is how many tests ran: a file that cannot even load judges nothing. */
export function runTest(
  copy: string,
  { caughtBy, only, env = {} }: Pick<Mutant, 'caughtBy' | 'only' | 'env'>,
): Promise<{ passed: boolean; judged: number; output: string }> {
  const { NODE_TEST_CONTEXT: _ours, ...environment } = process.env
  const filter = only === undefined ? [] : [`--test-name-pattern=${only}`]
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--test', '--test-reporter=tap', ...filter, join(copy, caughtBy)],
      { cwd: copy, timeout: 180_000, maxBuffer: 64 << 20, env: { ...environment, ...env } },
      (error, output) => {
        const judged = [...output.matchAll(/^\s*(?:not )?ok \d+ - (?!.*# SKIP)/gm)].length
        resolve({ passed: error === null, judged, output })
      },
    )
  })
}

/** Copies, runs, and removes the copy. */
export async function tryMutant(mutant: Mutant | undefined, like: Pick<Mutant, 'caughtBy' | 'only' | 'env'>) {
  const copy = copyWith(mutant)
  try {
    return await runTest(copy, like)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
