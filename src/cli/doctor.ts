import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Config, ConfigError, loadConfig, loadEnvironment } from '../config.ts'
import { clockOf, clockWords } from '../pipeline/clock.ts'
import { providers } from '../providers/registry.ts'
import type { Database } from '../store/database.ts'
import { migrationsIn, missingMigrations } from '../store/migrate.ts'
import { serverOf } from '../store/settings.ts'
import { command, type JsonOption } from './command.ts'
import { checkConnection } from './connections.ts'
import { withDatabase } from './database.ts'
import { Failure } from './failure.ts'
import { printJson, printTable } from './print.ts'

type Finding = {
  readonly check: string
  readonly status: 'ok' | 'warning' | 'failed'
  readonly detail: string
}

const freeBytesWanted = 1_073_741_824 // Postgres stops hard on a full disk; a gigabyte is a warning in time
const skewMsMax = 30_000 // a tenth of what signatures tolerate

/** `ordersync doctor`: everything that can be wrong around us, each in a sentence. */
export function doctorCommand(): Command {
  return command('doctor', 'look for what is wrong with the installation').action(
    async ({ json }: JsonOption) => {
      const config = configuration()
      const findings = [
        { check: 'node', status: 'ok', detail: process.version } as const,
        config.finding,
        dataDirectory(),
        ...(await database(config.config)),
        ...(await connections(config.config)),
        await service(),
      ]
      if (json) printJson({ ok: findings.every(({ status }) => status !== 'failed'), findings })
      else {
        printTable(findings, [
          ['CHECK', (row) => row.check],
          ['', (row) => row.status],
          ['', (row) => row.detail],
        ])
      }
      if (findings.some(({ status }) => status === 'failed')) throw new Failure('something has to be mended')
    },
  )
}

function configuration(): { config: Config | undefined; finding: Finding } {
  try {
    const { config, warnings } = loadConfig({ providers })
    const status = warnings.length > 0 ? 'warning' : 'ok'
    return {
      config,
      finding: { check: 'configuration', status, detail: [config.configPath, ...warnings].join('; ') },
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: undefined, finding: { check: 'configuration', status: 'failed', detail: error.message } }
  }
}

function dataDirectory(): Finding {
  const { dataDir } = loadEnvironment()
  try {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(`${dataDir}/.doctor`, '')
    rmSync(`${dataDir}/.doctor`)
    const { bavail, bsize } = statfsSync(dataDir)
    const free = bavail * bsize
    const detail = `${dataDir}, ${Math.floor(free / 1_048_576)} MB free`
    return { check: 'data directory', status: free < freeBytesWanted ? 'warning' : 'ok', detail }
  } catch (error) {
    return {
      check: 'data directory',
      status: 'failed',
      detail: `${dataDir} cannot be written (${(error as NodeJS.ErrnoException).code})`,
    }
  }
}

async function database(config: Config | undefined): Promise<readonly Finding[]> {
  try {
    return await withDatabase(async (db) => {
      const server = await serverOf(db, new Date())
      const missing = await missingMigrations(db.web, await migrationsIn())
      return [
        {
          check: 'database',
          status: server.major >= 14 ? 'ok' : 'failed',
          detail: `Postgres ${server.version}`,
        },
        {
          check: 'migrations',
          status: missing.length === 0 ? 'ok' : 'warning',
          detail:
            missing.length === 0
              ? 'up to date'
              : `missing, the next start applies them: ${missing.join(', ')}`,
        },
        {
          check: 'clock',
          status: server.skewMs < skewMsMax ? 'ok' : 'failed',
          detail: `${server.skewMs} ms between us and the database`,
        },
        {
          check: 'durability',
          status: server.isDurable ? 'ok' : 'failed',
          detail: server.isDurable
            ? 'fsync and synchronous_commit are on'
            : 'fsync or synchronous_commit is off: a crash would lose what was acknowledged',
        },
        ...(missing.length === 0 ? await clocks(db, config) : []),
      ]
    })
  } catch (error) {
    return [{ check: 'database', status: 'failed', detail: (error as Error).message }]
  }
}

/** Connections whose deliveries are refused because our clock is off. */
async function clocks(db: Database, config: Config | undefined): Promise<readonly Finding[]> {
  const found = await Promise.all(
    (config?.connections ?? []).map(async ({ id }) => ({ id, clock: await clockOf(db.web, id, new Date()) })),
  )
  return found.flatMap(({ id, clock }) =>
    clock === undefined
      ? []
      : [{ check: `clock of ${id}`, status: 'warning', detail: clockWords(clock) } as const],
  )
}

async function connections(config: Config | undefined): Promise<readonly Finding[]> {
  const checked = await Promise.all(
    (config?.connections ?? []).map((one) => checkConnection(one, config?.publicUrl)),
  )
  return checked.map(({ id, ok, status, detail }) => ({
    check: `connection ${id}`,
    status: !ok ? 'failed' : status === 'healthy' ? 'ok' : 'warning',
    detail: `${status}: ${detail}`,
  }))
}

async function service(): Promise<Finding> {
  const { host, port } = loadEnvironment()
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/readyz`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    return {
      check: 'service',
      status: response.ok ? 'ok' : 'failed',
      detail: `${url} answers ${response.status}`,
    }
  } catch {
    return { check: 'service', status: 'warning', detail: `nothing answers at ${url}` }
  }
}
