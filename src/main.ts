import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'winston'
import { adminKeyIn, type Generated } from './config/secrets.ts'
import type { Config } from './config.ts'
import { createApp, listen } from './http/app.ts'
import { createLogger } from './log.ts'
import { packageVersion } from './package-root.ts'
import { point } from './pipeline/point.ts'
import { createQueue } from './pipeline/queue.ts'
import type { System } from './pipeline/system.ts'
import type { Working } from './pipeline/working.ts'
import { providers as known } from './providers/registry.ts'
import { openStorage, type Storage } from './main/storage.ts'
import { ensureAdminKey } from './store/keys.ts'
import { installation, preparePartitions } from './store/settings.ts'
import { type Role, roles, startWork } from './main/work.ts'

export { type Role, roles }

export type Running = {
  readonly system: System
  /** Where it listens; undefined without the web role. */
  readonly url: string | undefined
  /** The admin key, when this start made it. */
  readonly generated: Generated | undefined
  /** Stops taking, finishes what is in hand, lets go of everything. Within 15 seconds; a second call is the same. */
  stop(): Promise<void>
}

/**
 * Starts the roles of one process: storage, migrations, queue, then whoever works on it. Throws with everything that
 * it had started stopped again; nothing is global, so a test can start as many as it likes.
 */
export async function startSystem(
  config: Config,
  {
    roles: wanted = roles,
    log = createLogger(config),
    providers = known,
    now = () => new Date(),
  }: { roles?: readonly Role[]; log?: Logger; providers?: System['providers']; now?: () => Date } = {},
): Promise<Running> {
  const storage = await openStorage(config, log)
  const undo: (() => Promise<unknown>)[] = [() => storage.close()]
  try {
    const { system, generated } = await prepare({ config, log, providers, now, wanted, storage })
    undo.push(() => system.queue.stop())
    const web = wanted.includes('web') ? await serve(system) : undefined
    if (web !== undefined) undo.push(() => closeWeb(web))
    const work = startWork(system, wanted)
    point('start.before_ready')
    const url = web && `http://${hostOf(config.host)}:${(web.server.address() as AddressInfo).port}`
    log.info('ready', {
      roles: [...wanted],
      listening: url,
      version: packageVersion(),
      node: process.version,
      pid: process.pid,
    })
    let stopping: Promise<void> | undefined
    return {
      system,
      url,
      generated,
      stop() {
        stopping ??= stopAll({ log, web, work, system, storage })
        return stopping
      },
    }
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => {})
    throw error
  }
}

async function prepare(given: {
  config: Config
  log: Logger
  providers: System['providers']
  now: () => Date
  wanted: readonly Role[]
  storage: Storage
}): Promise<{ system: System; generated: Generated | undefined }> {
  const { config, log, providers, now, wanted } = given
  const { db } = given.storage
  const { personKey, firstStart } = await installation(db, now())
  await preparePartitions(db, now())
  const made = config.adminKey === undefined ? adminKeyIn(config.dataDir, true)! : undefined
  await ensureAdminKey(db, made?.value ?? config.adminKey!)
  // Whoever takes jobs can also give back those of the dead.
  const queue = createQueue({
    db,
    log,
    supervise: wanted.some((role) => role !== 'web'),
    hears: wanted.includes('worker'),
  })
  await queue.start()
  const effectsSince = config.effects.since === 'first-start' ? firstStart : new Date(config.effects.since)
  return {
    system: { config, log, db, queue, providers, now, personKey, effectsSince },
    generated: made?.isNew === true ? made : undefined,
  }
}

type Web = { readonly app: ReturnType<typeof createApp>; readonly server: Server }

async function serve(system: System): Promise<Web> {
  const app = createApp(system)
  try {
    return { app, server: await listen(app, system.config) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new StartError(
      `port ${system.config.port} of ${system.config.host} is in use; stop what listens there, or set PORT`,
      { cause: error },
    )
  }
}

/** The start cannot go on, for a reason that one sentence tells. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

const drainMs = 4_000 // a delivery takes 3 s at the most (limits.waitMs), and providers repeat what is cut off
const workMs = 6_000

async function stopAll(on: {
  log: Logger
  web: Web | undefined
  work: Working
  system: System
  storage: Storage
}): Promise<void> {
  on.log.info('stopping')
  if (on.web !== undefined) await closeWeb(on.web)
  point('stop.during_drain')
  await within(workMs, on.work.stop())
  await within(6_000, on.system.queue.stop())
  await on.storage.close()
  on.log.info('stopped')
}

/** Not ready any more; stops accepting, waits for answers under way, then cuts off who is still there. */
async function closeWeb({ app, server }: Web): Promise<void> {
  app.locals.isStopping = true
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  await within(drainMs, closed)
  server.closeAllConnections()
  const { close } = app.locals as { close?: () => Promise<void> }
  if (close !== undefined) await within(2_000, close())
}

/** Waits for `work`, but no longer than this: what is left is as if the process had been killed there. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work.catch(() => {}), late])
  clearTimeout(timer)
}

function hostOf(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
}
