import { setTimeout as delay } from 'node:timers/promises'
import express, { type Router } from 'express'
import type { System } from '../pipeline/system.ts'
import { ping } from '../store/gauges.ts'
import { type Migration, migrationsIn, missingMigrations } from '../store/migrate.ts'
import { sendProblem } from './problem.ts'

const answerWithinMs = 2_000 // a probe waits no longer than a few seconds, and a slow yes is a no

/** `/healthz`: the process lives. `/readyz`: it can take deliveries; 503 with what is missing otherwise. */
export function createHealth(system: System): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  const migrations = migrationsIn()
  migrations.catch(() => {}) // reported by whoever asks
  router.get('/healthz', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'ok' })
  })
  router.get('/readyz', async (request, response) => {
    const isStopping = request.app.locals.isStopping === true
    const missing = isStopping ? ['the process is stopping'] : await whatIsMissing(system, migrations)
    if (missing.length > 0)
      return sendProblem(response, 'not_ready', {
        detail: missing.join('; '),
        headers: { 'retry-after': '2' },
      })
    response.set('Cache-Control', 'no-store').json({ status: 'ready' })
  })
  return router
}

async function whatIsMissing(
  system: System,
  migrations: Promise<readonly Migration[]>,
): Promise<readonly string[]> {
  const late = delay(answerWithinMs, ['the database does not answer'], { ref: false })
  return Promise.race([check(system, migrations), late])
}

async function check({ db }: System, migrations: Promise<readonly Migration[]>): Promise<readonly string[]> {
  try {
    const [answer] = await ping(db.web)
    const missing = await missingMigrations(db.web, await migrations)
    return [
      ...(answer?.writable === true ? [] : ['the database is read-only']),
      ...missing.map((name) => `migration ${name} is not done`),
    ]
  } catch {
    return ['the database cannot be reached']
  }
}
