import { mkdirSync, readFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import pg from 'pg'
import { openEmbedded } from '../src/store/embedded/index.ts'

export type Store = {
  /** Makes an empty database and names its URL. */
  create(name: string): Promise<string>
  readonly folder: string
  readonly postmaster: number
  stop(): Promise<void>
}

/** A Postgres with its durable settings, for the benchmark alone. */
export async function startStore(): Promise<Store> {
  const folder = `${tmpdir()}/ordersync-bench-${userInfo().uid}`
  mkdirSync(folder, { recursive: true })
  const embedded = await openEmbedded({ dataDir: folder })
  const admin = new pg.Client({ connectionString: embedded.url })
  await admin.connect()
  const { rows } = await admin.query<{ data_directory: string }>('show data_directory')
  const postmaster = Number(readFileSync(`${rows[0]!.data_directory}/postmaster.pid`, 'utf8').split('\n')[0])
  const made: string[] = []
  return {
    folder,
    postmaster,
    async create(name) {
      const database = `bench_${name}`
      await admin.query(`drop database if exists ${database} with (force)`)
      await admin.query(`create database ${database}`)
      made.push(database)
      const url = new URL(embedded.url)
      url.pathname = `/${database}`
      return url.href
    },
    async stop() {
      for (const database of made) await admin.query(`drop database if exists ${database} with (force)`)
      await admin.end()
      await embedded.close()
    },
  }
}
