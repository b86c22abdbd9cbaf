import { randomUUID } from 'node:crypto'
import { adminKeyIn } from '../config/secrets.ts'
import { loadEnvironment } from '../config.ts'
import { Failure } from './failure.ts'

const timeoutMs = 60_000

export type Api = {
  get<T>(path: string, query?: Query): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  /** The answer as text, for exports. */
  text(path: string, query?: Query): Promise<string>
  /** Every item of a list, page after page, up to `limit`. */
  list<T>(path: string, query: Query, limit: number): Promise<T[]>
}
export type Query = { readonly [name: string]: string | number | boolean | undefined }

/** The running service's admin API, at HOST and PORT, with ORDERSYNC_ADMIN_KEY or the key in the data directory. */
export function serviceApi(): Api {
  const { host, port, adminKey, dataDir } = loadEnvironment()
  const key = adminKey ?? adminKeyIn(dataDir, false)?.value
  if (key === undefined)
    throw new Failure(
      `no admin key: set ORDERSYNC_ADMIN_KEY, or ORDERSYNC_DATA_DIR to the service's (${dataDir} has none)`,
    )
  const base = `http://${reachable(host)}:${port}/api/v1`
  const call = (method: string, path: string, query: Query = {}, body?: unknown) =>
    request({ base, key, method, path, query, body })
  return {
    get: async (path, query) => (await call('GET', path, query)).json() as never,
    post: async (path, body) => (await call('POST', path, {}, body)).json() as never,
    text: async (path, query) => (await call('GET', path, query)).text(),
    async list<T>(path: string, query: Query, limit: number) {
      const rows: T[] = []
      let cursor: string | undefined
      do {
        const page = (await (
          await call('GET', path, { ...query, cursor, limit: Math.min(200, limit - rows.length) })
        ).json()) as Page<T>
        rows.push(...page.data)
        cursor = page.next_cursor ?? undefined
      } while (cursor !== undefined && rows.length < limit)
      return rows
    },
  }
}

type Page<T> = { readonly data: readonly T[]; readonly next_cursor: string | null }
type Asked = { base: string; key: string; method: string; path: string; query: Query; body?: unknown }

async function request({ base, key, method, path, query, body }: Asked): Promise<Response> {
  const url = new URL(base + path)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, String(value))
  const isWrite = method !== 'GET'
  let response: Response
  try {
    response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(isWrite && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(isWrite && { body: JSON.stringify(body ?? {}) }),
    })
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string }
    throw new Failure(
      `the service does not answer at ${url.origin} (${code ?? (error as Error).name}); is it started, and are HOST and PORT its own?`,
    )
  }
  if (!response.ok) throw new Failure(await problemText(response, path))
  return response
}

async function problemText(response: Response, path: string): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as {
    title?: string
    detail?: string
    code?: string
  }
  const words = [problem.title ?? response.statusText, problem.detail]
    .filter((text) => text !== undefined && text !== '')
    .join(': ')
  return `${response.status} ${words}${problem.code === undefined ? '' : ` (${problem.code})`} for ${path}`
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
