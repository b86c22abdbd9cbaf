import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Database } from './database.ts'
import { statement } from './statement.ts'

const settle = statement<[name: string, value: string], never>({
  name: 'settings.settle',
  text: 'insert into settings (name, value) values ($1, $2) on conflict (name) do nothing',
})

const byName = statement<[name: string], { value: string }>({
  name: 'settings.byName',
  uses: ['settings_pkey'],
  text: 'select value from settings where name = $1',
})

const ensurePartitions = statement<[at: Date], never>({
  name: 'settings.ensurePartitions',
  text: 'select ensure_partitions($1)',
})

/** What is decided at the first start and never again; of starts at once, the first one's word counts for all. */
export async function installation(
  db: Database,
  now: Date,
): Promise<{ personKey: KeyObject; firstStart: Date }> {
  const personKey = await settled(db, 'person_key', randomBytes(32).toString('base64'))
  const firstStart = await settled(db, 'first_start', now.toISOString())
  return { personKey: createSecretKey(personKey, 'base64'), firstStart: new Date(firstStart) }
}

/** Makes the partitions of this month and the next, so that rows do not pile up in the default one. */
export async function preparePartitions(db: Database, now: Date): Promise<void> {
  await ensurePartitions(db.web, now)
}

async function settled(db: Database, name: string, value: string): Promise<string> {
  await settle(db.web, name, value)
  const [row] = await byName(db.web, name)
  return row!.value
}

const describeServer = statement<
  [],
  { version: string; number: number; fsync: string; commit: string; now: Date }
>({
  name: 'settings.describeServer',
  text: `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
                current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
                clock_timestamp() as now`,
})

/** The database server as `doctor` judges it: version, how far its clock is from `now`, whether it loses commits. */
export async function serverOf(
  db: Database,
  now: Date,
): Promise<{ version: string; major: number; skewMs: number; isDurable: boolean }> {
  const [row] = await describeServer(db.web)
  const { version, number, fsync, commit } = row!
  const skewMs = Math.abs(new Date(row!.now).getTime() - now.getTime())
  return {
    version,
    major: Math.floor(number / 10_000),
    skewMs,
    isDurable: fsync === 'on' && commit !== 'off',
  }
}
