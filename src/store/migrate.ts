import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import { packageFile } from '../package-root.ts'

export type Migration = {
  readonly version: number
  readonly name: string
  readonly sha256: string
  readonly text: string
}
type Applied = { version: number; name: string; sha256: string }

/** An applied migration is not the one in the folder, or not there: somebody has to look before anything is changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** The numbered files of a folder, in order. A file that is no migration, a gap or a doubled number is refused. */
export async function migrationsIn(
  directory: string = packageFile('migrations'),
): Promise<readonly Migration[]> {
  const names = (await readdir(directory))
    .filter((name) => name.endsWith('.sql') && name !== 'schema.sql')
    .sort()
  return Promise.all(
    names.map(async (name, index) => {
      const version = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1])
      if (version !== index + 1) {
        throw new MigrationError(
          `${name}: expected a file named ${String(index + 1).padStart(4, '0')}_what_it_does.sql here`,
        )
      }
      const text = await readFile(`${directory}/${name}`, 'utf8')
      return { version, name, sha256: hash('sha256', text), text }
    }),
  )
}

/**
 * Brings a database up to the files of `directory` and returns what it applied. Any number of processes may call it at
 * once: one works, the others wait and find nothing to do. Throws `MigrationError` when an applied file was changed
 * or is missing, which also means: this program is older than the database.
 */
export async function migrate(
  url: string,
  {
    directory,
    onApplied = () => {},
  }: { directory?: string; onApplied?: (migration: Migration) => void } = {},
): Promise<readonly Migration[]> {
  const migrations = await migrationsIn(directory)
  const client = new pg.Client({ connectionString: url, application_name: 'ordersync migrate' })
  client.on('error', () => {}) // a lost connection also rejects the statement under way, and that one is reported
  await client.connect()
  try {
    await client.query("set lock_timeout = '30s'")
    // 'ordersyn' as a number; held by this session until it ends, whatever becomes of the transactions in between.
    await client.query('select pg_advisory_lock(8030881837513521518)')
    await client.query(`create table if not exists schema_migrations (
      version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())`)
    const applied = await client.query<Applied>(
      'select version, name, sha256 from schema_migrations order by version',
    )
    refuseTampering(applied.rows, migrations)
    const due = migrations.slice(applied.rows.length)
    for (const migration of due) {
      await apply(client, migration)
      onApplied(migration)
    }
    return due
  } finally {
    await client.end()
  }
}

/** Names of the migrations that the database lacks; empty when it is up to date. For the readiness check. */
export async function missingMigrations(
  on: pg.Pool,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  const there = await on.query<{ found: string | null }>(
    "select to_regclass('schema_migrations')::text as found",
  )
  if (there.rows[0]?.found == null) return migrations.map(({ name }) => name)
  const applied = await on.query<{ name: string }>('select name from schema_migrations')
  const names = new Set(applied.rows.map(({ name }) => name))
  return migrations.filter(({ name }) => !names.has(name)).map(({ name }) => name)
}

function refuseTampering(applied: readonly Applied[], migrations: readonly Migration[]): void {
  for (const [index, row] of applied.entries()) {
    const file = migrations[index]
    if (file === undefined || file.version !== row.version || file.name !== row.name) {
      throw new MigrationError(
        `the database has migration ${row.name}, which is not in this version of ordersync`,
      )
    }
    if (file.sha256 !== row.sha256) {
      throw new MigrationError(
        `${row.name} was changed after it was applied; put it back, and write a new migration instead`,
      )
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  const isTransactional = !migration.text.startsWith('-- no-transaction') // for CREATE INDEX CONCURRENTLY
  const note = () =>
    client.query('insert into schema_migrations (version, name, sha256) values ($1, $2, $3)', [
      migration.version,
      migration.name,
      migration.sha256,
    ])
  try {
    if (isTransactional) await client.query('begin')
    await client.query(migration.text)
    await note()
    if (isTransactional) await client.query('commit')
  } catch (error) {
    if (isTransactional) await client.query('rollback').catch(() => {})
    throw new MigrationError(`${migration.name}: ${(error as Error).message}`, { cause: error })
  }
}
