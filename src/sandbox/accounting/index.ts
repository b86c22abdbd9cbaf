/** Stand-ins for accounting programs, as far as journals go: a token endpoint, a write that knows repeats, and a search. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { quickbooks } from './quickbooks.ts'
import { xero } from './xero.ts'
import { Tokens } from './tokens.ts'
import type { Journal, Program, Told } from './program.ts'

/**
 * What happens to the next call to the API. `lose`: the work is done and the answer never arrives; `cut`: nothing is done;
 * `busy`: too many calls; `down`: an error of theirs; `forget`: its idempotency keys have gone, then as usual.
 */
export type Trouble = 'lose' | 'cut' | 'busy' | 'down' | 'forget'

export type Accounting = {
  readonly url: string
  readonly journals: readonly Journal[]
  readonly tokens: Tokens
  /** Every call to the API that was let in, as `POST /path`. */
  readonly calls: readonly string[]
  trouble(...next: Trouble[]): void
  stop(): Promise<void>
}

const programs = { quickbooks, xero }
export const company = '9130350000000000'
export const credentials = { clientId: 'app', clientSecret: 'app-secret', refreshToken: 'refresh-0' } as const

/** A program that listens on loopback, with the company and the credentials above. */
export async function startAccounting(
  to: 'quickbooks' | 'xero',
  refreshToken: string = credentials.refreshToken,
): Promise<Accounting> {
  const journals: Journal[] = []
  const calls: string[] = []
  const troubles: Trouble[] = []
  const tokens = new Tokens({ ...credentials, refreshToken })
  let program: Program = programs[to](company)
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', headers } = request
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      const asked = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
      const tell = ({ status, json, headers: more }: Told) =>
        response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(json))
      if (url.pathname === program.tokenPath) return void tell(tokens.renew(asked))
      const trouble = troubles.shift()
      if (trouble === 'cut') return void request.socket.destroy()
      if (!tokens.letsIn(headers.authorization)) return void tell({ status: 401, json: {} })
      calls.push(`${method} ${url.pathname}`)
      if (trouble === 'busy') return void tell({ status: 429, json: {}, headers: { 'retry-after': '2' } })
      if (trouble === 'down') return void tell({ status: 503, json: {} })
      if (trouble === 'forget') program = programs[to](company)
      const told = program.answer(asked, journals) ?? { status: 404, json: {} }
      if (trouble === 'lose') request.socket.destroy()
      else tell(told)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    journals,
    tokens,
    calls,
    trouble: (...next) => void troubles.push(...next),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
