import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'winston'
import type { Config } from '../config.ts'
import { point } from '../pipeline/point.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { type Embedded, openEmbedded } from '../store/embedded/index.ts'
import { migrate } from '../store/migrate.ts'

export type Storage = { readonly db: Database; close(): Promise<void> }

const watchMs = 500 // a server that died is back well within the 5 s that we promise
const patienceMs = 20_000 // a database that is started together with us may take this long

/** The configured database, or an embedded one that is kept running; migrated, with its pools open. */
export async function openStorage(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  log: Logger,
): Promise<Storage> {
  const embedded =
    config.databaseUrl === undefined ? await openEmbedded({ dataDir: config.dataDir }) : undefined
  try {
    if (embedded !== undefined) {
      log.info('embedded_postgres_started', { status: embedded.wasRunning ? 'attached' : 'started' })
      point('start.after_postgres_start')
    }
    const url = embedded?.url ?? config.databaseUrl!
    await migratePatiently(url, log)
    let isClosing = false // then we stop the server ourselves, and whoever still holds a connection loses it
    const db = openDatabase(url, {
      onError: (error) => void (isClosing || log.warn('database_connection_lost', { error })),
    })
    const watch = embedded && keepRunning(embedded, log)
    return {
      db,
      async close() {
        isClosing = true
        watch?.stop()
        await Promise.race([db.close(), delay(2_000, undefined, { ref: false })])
        await embedded?.close()
      },
    }
  } catch (error) {
    await embedded?.close()
    throw error
  }
}

async function migratePatiently(url: string, log: Logger): Promise<void> {
  const until = Date.now() + patienceMs
  for (let waited = false; ; waited = true) {
    try {
      await migrate(url, {
        onApplied({ name }) {
          log.info('migration_applied', { migration: name })
          point('start.after_migration_n')
        },
      })
      return
    } catch (error) {
      if (!isUnreachable(error) || Date.now() > until) throw error
      if (!waited) log.warn('database_unreachable', { error: error as Error })
      await delay(250)
    }
  }
}

/** Refused, unknown, timed out, or still starting up. */
function isUnreachable(error: unknown): boolean {
  const { code } = error as { code?: string }
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET', '57P03'].includes(code ?? '')
}

function keepRunning(embedded: Embedded, log: Logger): { stop(): void } {
  let isBusy = false
  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    embedded
      .revive()
      .then((revived) => revived && log.warn('embedded_postgres_restarted'))
      .catch((error: Error) => log.error('embedded_postgres_not_restarted', { error }))
      .finally(() => {
        isBusy = false
      })
  }, watchMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
