import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createApp, listen } from '../../src/http/app.ts'
import type { System } from '../../src/pipeline/system.ts'
import { type Changes, sign, testSystem } from '../pipeline/support.ts'

export type Endpoint = { readonly system: System; readonly port: number; readonly url: string }

/** The whole HTTP side over a system of its own. */
export async function endpoint(t: TestContext, changes: Changes = {}): Promise<Endpoint> {
  const closing: (() => unknown)[] = []
  const system = await testSystem({ after: (close) => closing.unshift(close) }, changes)
  const server = await listen(createApp(system), { host: '127.0.0.1', port: 0 })
  t.after(async () => {
    server.close()
    server.closeAllConnections()
    for (const close of closing) await close()
  })
  const { port } = server.address() as AddressInfo
  return { system, port, url: `http://127.0.0.1:${port}` }
}

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly json: { [key: string]: unknown }
  readonly text: string
}

/** POSTs a body, signed unless `headers` says otherwise. */
export async function deliver(
  { url }: Endpoint,
  body: string | Uint8Array,
  {
    path = '/webhooks/acme/acme-main',
    headers = {},
    method = 'POST',
  }: { path?: string; headers?: { [name: string]: string }; method?: string } = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    ...(method === 'GET' ? {} : { body: Buffer.from(body) }),
    headers: { 'content-type': 'application/json', 'x-signature': sign(body), ...headers },
  })
  const text = await response.text()
  let json = {}
  try {
    json = JSON.parse(text)
  } catch {
    // a challenge is answered in plain text
  }
  return { status: response.status, headers: response.headers, json, text }
}

export function event(id: string, more: object = {}): string {
  return JSON.stringify({ id, type: 'order.paid', ...more })
}

/** Writes these bytes to a socket and reads until the other side closes; `then` writes more when it sees an answer. */
export function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const parts: Buffer[] = []
    socket.on('data', (part) => parts.push(part))
    socket.on('error', (error: NodeJS.ErrnoException) => (parts.length > 0 ? undefined : reject(error)))
    socket.on('close', () => resolve(Buffer.concat(parts).toString('latin1')))
    socket.write(bytes)
  })
}
