import { loadEnvironment } from '../config.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { type Embedded, openEmbedded } from '../store/embedded/index.ts'

/** The URL of the service's database: DATABASE_URL, or the embedded one, which is started when it is not running. */
export async function withDatabaseUrl<T>(work: (url: string) => Promise<T>): Promise<T> {
  const { databaseUrl, dataDir } = loadEnvironment()
  let embedded: Embedded | undefined
  if (databaseUrl === undefined) embedded = await openEmbedded({ dataDir })
  try {
    return await work(embedded?.url ?? databaseUrl!)
  } finally {
    await embedded?.close()
  }
}

/** As `withDatabaseUrl`, with a few connections open. */
export function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  return withDatabaseUrl(async (url) => {
    const db = openDatabase(url, { onError: () => {}, webMax: 4, workerMax: 1 })
    try {
      return await work(db)
    } finally {
      await db.close()
    }
  })
}
