import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Fault } from './stripe/api/faults.ts'

export type Served = {
  readonly url: string
  readonly port: number
  /** Ends every connection, answered or not. */
  stop(): Promise<void>
}

/** The server listening on loopback; without a port on one that is free. */
export async function serveOn(server: Server, port = 0): Promise<Served> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: given } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${given}`,
    port: given,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** Answers as what stands before an API does, or not at all. False for faults of the API itself. */
export function breakOff({ kind }: Fault, response: ServerResponse): boolean {
  switch (kind) {
    case 'bad_gateway':
    case 'html':
      response.writeHead(kind === 'html' ? 200 : 502, { 'content-type': 'text/html' })
      response.end('<html><body>upstream</body></html>')
      return true
    case 'hang':
      return true
    case 'reset':
    case 'cut':
      response.socket?.destroy()
      return true
    default:
      return false
  }
}
