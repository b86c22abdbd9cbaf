import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { after, test } from 'node:test'
import type pg from 'pg'
import { packageFile } from '../src/package-root.ts'
import { statements } from '../src/store/statement.ts'
import { fill } from './sql/fill.ts'
import { indexes, objections, type Planned } from './sql/plan.ts'
import { testDatabase } from './support/database.ts'

for (const path of globSync('src/store/**/*.ts', { cwd: packageFile('') }).sort())
  await import(packageFile(path))

/** One filled database for the whole file: nothing here changes it. */
let filled: ReturnType<typeof testDatabase> | undefined
const cleanups: (() => Promise<void>)[] = []
after(async () => {
  for (const cleanup of cleanups) await cleanup()
})

async function planned<T>(work: (on: pg.PoolClient) => Promise<T>): Promise<T> {
  const isFirst = filled === undefined
  filled ??= testDatabase({ after: (cleanup) => void cleanups.push(cleanup as () => Promise<void>) })
  const on = await (await filled).db.web.connect()
  try {
    if (isFirst) {
      await on.query("select ensure_partitions('2026-11-15Z')")
      await fill(on)
    }
    for (const setting of ['enable_seqscan = off', 'plan_cache_mode = force_generic_plan'])
      await on.query(`set ${setting}`)
    return await work(on)
  } finally {
    on.release()
  }
}

test('no statement reads a whole growing table, and each uses the indexes that it names', () =>
  planned(async (on) => {
    const known = await indexes(on)
    const wrong: string[] = []
    const all = statements()
    assert.ok(all.length > 50, `only ${all.length} statements were found`)
    for (const statement of all) {
      const found = await objections(on, statement, known).catch((error: Error) => [
        `cannot be planned: ${error.message}`,
      ])
      wrong.push(...found.map((text) => `  ${statement.name} ${text}`))
      for (const name of statement.uses) {
        if (![...known.values()].some(({ root }) => root === name))
          wrong.push(`  ${statement.name} names ${name}, which there is not`)
      }
    }
    assert.equal(wrong.length, 0, `\n${[...new Set(wrong)].join('\n')}`)
  }))

const example = (text: string, more: Partial<Planned> = {}): Planned => ({
  name: 'test.example',
  text,
  uses: [],
  scans: undefined,
  ...more,
})

for (const [what, statement, expected] of [
  [
    'a scan of a growing table',
    example('select id from events where body_bytes > $1'),
    /reads all of (the index )?events/,
  ],
  [
    'a whole index in place of a scan',
    example('select id from events order by id'),
    /reads all of the index events_pkey/,
  ],
  ['a scan of every partition', example('select event_id from payloads where path = $1'), /reads all of/],
  [
    'an index that is not in the list',
    example('select seq from events where id = $1', { uses: ['events_seq'] }),
    /uses events_pkey, which is not/,
  ],
  [
    'a scan without a reason',
    example('select id from events where body_bytes > $1', { scans: ' ' }),
    /without saying why/,
  ],
] as const) {
  test(`${what} is found`, () =>
    planned(async (on) => {
      assert.match((await objections(on, statement, await indexes(on))).join('\n'), expected)
    }))
}

test('the first rows of an index are not the whole of it, unless a filter may skip any number', async () =>
  planned(async (on) => {
    const known = await indexes(on)
    assert.deepEqual(
      await objections(on, example('select seq from events order by seq desc limit 1'), known),
      [],
    )
    assert.equal(
      (await objections(on, example('select seq from events where reason = $1 order by seq limit 1'), known))
        .length,
      1,
    )
  }))

test('what is planned well, or says why it scans, is let through', () =>
  planned(async (on) => {
    const known = await indexes(on)
    for (const statement of [
      example('select seq from events where id = $1', { uses: ['events_pkey'] }),
      example('select body from payloads where event_id = $1', { uses: ['payloads_pkey'] }),
      example('select value from settings where value = $1'),
      example('select count(*) from events', { scans: 'it counts them all' }),
    ]) {
      assert.deepEqual(await objections(on, statement, known), [], statement.text)
    }
  }))
