import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process that cannot be mistaken for a later one with the same number. */
export type ProcessId = { readonly pid: number; readonly startedAt: string }

export function thisProcess(): ProcessId {
  return { pid: process.pid, startedAt: startOf(process.pid) ?? '' }
}

/** False also for another process that was given the number of the one asked for, and for one dead but not yet reaped. */
export function isAlive({ pid, startedAt }: ProcessId): boolean {
  const start = startOf(pid)
  return start !== undefined && (startedAt === '' || start === startedAt)
}

/** The command line of a live process; undefined when there is none or it may not be read. */
export function commandLine(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const text = read(`/proc/${pid}/cmdline`)
    return text === undefined || text === '' ? undefined : text.replaceAll('\0', ' ')
  }
  return ps(pid, 'command=')
}

function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(pid, 'lstart=')
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The name, field 2, may hold spaces and brackets; what follows its last bracket starts with field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? undefined : fields[19]
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function ps(pid: number, column: string): string | undefined {
  try {
    return (
      execFileSync('ps', ['-o', column, '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || undefined
    )
  } catch {
    return undefined
  }
}
