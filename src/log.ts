import { createLogger as createWinston, format, type Logger, transports } from 'winston'
import type { Config } from './config.ts'

/**
 * Fields that a line may carry: ids, counts and words of our own. What is not here is left out, so that a body, a
 * secret or a buyer's data cannot come into the log by being added to an object. Network addresses are personal, too.
 */
// biome-ignore format: one line a group
const allowed = new Set([
  'event_id', 'event_ids', 'order_id', 'order_ids', 'delivery_id', 'effect_id', 'effect', 'run_id', 'finding_id', 'key_id', 'request_id', 'fact_ids',
  'connection', 'provider', 'type', 'kind', 'sink', 'state', 'status', 'code', 'name', 'reason', 'list', 'resource_kind', 'resource_id', 'migration',
  'count', 'events', 'jobs', 'rereads', 'attempts', 'bytes', 'duration_ms', 'retry_after_ms', 'skew_seconds', 'scanned', 'found', 'repaired', 'dry_run',
  'role', 'roles', 'port', 'listening', 'version', 'node', 'postgres', 'signal', 'pid', 'since', 'until', 'next_at', 'setting', 'error',
])

const SPLAT: unique symbol = Symbol.for('splat')

/** One JSON line for each thing that happened; coloured words on a terminal. Goes to standard output. */
export function createLogger(config: Pick<Config, 'logLevel' | 'logFormat'>): Logger {
  return createWinston({
    level: config.logLevel,
    format: format.combine(
      format(redact)(),
      config.logFormat === 'json' ? format.printf(jsonLine) : format.printf(words),
    ),
    transports: [new transports.Console()],
  })
}

type Line = { level: string; message: unknown; [name: string]: unknown }

function redact(info: Line): Line {
  const line: Line = { level: info.level, message: ownWords(info) }
  for (const symbol of Object.getOwnPropertySymbols(info))
    Object.assign(line, { [symbol]: (info as never)[symbol] })
  for (const [name, value] of Object.entries(info)) {
    if (!allowed.has(name)) continue
    const kept = name === 'error' ? errorFields(value) : plain(value)
    if (kept !== undefined) line[name] = kept
  }
  return line
}

/** The caller's text alone: the library appends the `message` of whatever object follows it, an error's for one. */
function ownWords(info: Line): string {
  const text = String(info.message)
  const extras = (info as { [SPLAT]?: readonly unknown[] })[SPLAT] ?? []
  return extras.reduce<string>((kept, extra) => {
    const appended = (extra as { message?: unknown } | null)?.message
    return appended !== undefined && kept.endsWith(` ${appended}`)
      ? kept.slice(0, -String(appended).length - 1)
      : kept
  }, text)
}

function jsonLine({ level, message, ...fields }: Line): string {
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })
}

function words({ level, message, ...fields }: Line): string {
  const colour = level === 'error' ? '\x1b[31m' : level === 'warn' ? '\x1b[33m' : '\x1b[2m'
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  )
  return `\x1b[2m${new Date().toISOString().slice(11, 23)}\x1b[0m ${colour}${level.padEnd(5)}\x1b[0m ${message} \x1b[2m${rest.join(' ')}\x1b[0m`
}

/** Scalars and lists of scalars; an object could hold anything and is left out. */
function plain(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, 300)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.slice(0, 20).map((item) => plain(item) ?? null)
  return undefined
}

// Their words are ours or the system's: no row, no payload, no person is quoted in them.
const safeNames = new Set(['MigrationError', 'ConfigError', 'Overloaded'])

type ErrorFields = {
  name: string
  code?: string
  message?: string
  at?: readonly string[]
  cause?: ErrorFields
  [field: string]: unknown
}

/**
 * What kind of error, and where. Its message only when it cannot quote data: a parser repeats what it could not read,
 * the database the row it refused, a mail server the address.
 */
export function errorFields(value: unknown, depth = 0): ErrorFields | undefined {
  if (value === undefined || value === null) return undefined
  if (!(value instanceof Error)) return { name: typeof value }
  const { code, syscall, constraint, table, column, routine, kind } = value as Error & {
    [field: string]: unknown
  }
  const isSafe = safeNames.has(value.name) || typeof syscall === 'string'
  const inner = depth < 3 ? errorFields(value.cause, depth + 1) : undefined
  return {
    name: String(value.name).slice(0, 60),
    ...(typeof code === 'string' && { code: code.slice(0, 60) }),
    ...Object.fromEntries(
      Object.entries({ constraint, table, column, routine, kind }).filter(
        ([, field]) => typeof field === 'string' && field.length < 64,
      ),
    ),
    ...(isSafe && { message: value.message.slice(0, 2_000) }),
    at: frames(value),
    ...(inner !== undefined && { cause: inner }),
  }
}

/** The stack without its first lines, which repeat the message. */
function frames(error: Error): readonly string[] {
  return String(error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at \S.*:\d+:\d+\)?$/.test(line))
    .slice(0, 6)
    .map((line) => line.trim().slice(3, 200))
}
