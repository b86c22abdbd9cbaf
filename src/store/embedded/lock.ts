import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isAlive, type ProcessId, thisProcess } from './process.ts'

/** Runs `work` while no other live process holds the lock file. The lock of a process that died is taken over. */
export async function withLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const own = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const content = JSON.stringify({ ...thisProcess(), own })
  writeFileSync(own, content, { mode: 0o600 })
  try {
    await acquire(path, own, Date.now() + timeoutMs)
    try {
      return await work()
    } finally {
      if (read(path) === content) rmSync(path, { force: true })
    }
  } finally {
    rmSync(own, { force: true })
  }
}

async function acquire(path: string, own: string, until: number): Promise<void> {
  for (;;) {
    try {
      linkSync(own, path) // whole from its first moment, unlike a file that is opened and then written
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = read(path)
    if (holder !== undefined && !isAlive(parse(holder))) takeAway(path, holder)
    else if (Date.now() > until) throw new Error(`${path} is held by process ${parse(holder ?? '').pid}`)
    else await delay(20)
  }
}

/** Removes a dead process's lock; puts back what turned out to be somebody else's, made between our look and our hand. */
function takeAway(path: string, holder: string): void {
  const aside = `${path}.dead.${process.pid}`
  try {
    renameSync(path, aside)
    if (read(aside) !== holder) linkSync(aside, path)
  } catch {
    // Another process was quicker.
  }
  rmSync(aside, { force: true })
}

/** Notes that this process uses the server; a second note of the same process is the same note. */
export function join(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(`${directory}/${process.pid}`, JSON.stringify(thisProcess()), { mode: 0o600 })
}

/** Takes this process's note away, and those of the dead; true when nobody is left. */
export function leave(directory: string): boolean {
  rmSync(`${directory}/${process.pid}`, { force: true })
  return usersIn(directory).length === 0
}

/** Numbers of the live processes that use the server. */
export function usersIn(directory: string): readonly number[] {
  return names(directory).flatMap((name) => {
    const user = parse(read(`${directory}/${name}`) ?? '')
    if (isAlive(user)) return [user.pid]
    rmSync(`${directory}/${name}`, { force: true })
    return []
  })
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function parse(text: string): ProcessId {
  try {
    return JSON.parse(text) as ProcessId
  } catch {
    return { pid: -1, startedAt: 'unreadable' }
  }
}
