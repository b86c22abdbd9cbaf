import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHash } from 'node:crypto'
import { SMTPServer } from 'smtp-server'

/** What the other side of each sink saw: the judge of whether something was done twice. */
export type Recorders = {
  readonly smtpUrl: string
  readonly warehouseUrl: string
  /** Message-ID → how many messages with it were accepted. */
  readonly mails: Map<string, number>
  /** webhook-id → hashes of the bodies that came under it. */
  readonly requests: Map<string, Set<string>>
  /** order id → webhook-ids of requests for it. */
  readonly requestsByOrder: Map<string, Set<string>>
  close(): Promise<void>
}

export async function startRecorders(): Promise<Recorders> {
  const mails = new Map<string, number>()
  const requests = new Map<string, Set<string>>()
  const requestsByOrder = new Map<string, Set<string>>()
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const id = /^message-id:\s*(\S+)/im.exec(Buffer.concat(chunks).toString('utf8'))?.[1] ?? 'none'
        mails.set(id, (mails.get(id) ?? 0) + 1)
        done()
      })
    },
  })
  smtp.on('error', () => {}) // a killed client resets its connection
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const warehouse = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('error', () => {})
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const id = String(request.headers['webhook-id'])
      const bodies = requests.get(id) ?? new Set()
      bodies.add(createHash('sha256').update(body).digest('hex'))
      requests.set(id, bodies)
      const order = JSON.parse(body.toString('utf8')).data.order_id as string
      requestsByOrder.set(order, (requestsByOrder.get(order) ?? new Set()).add(id))
      response.writeHead(200).end('ok')
    })
  })
  await new Promise<void>((resolve) => warehouse.listen(0, '127.0.0.1', resolve))
  const smtpPort = (smtp.server.address() as AddressInfo).port
  return {
    smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
    warehouseUrl: `http://127.0.0.1:${(warehouse.address() as AddressInfo).port}/hook`,
    mails,
    requests,
    requestsByOrder,
    async close() {
      await new Promise<void>((resolve) => smtp.close(() => resolve()))
      warehouse.closeAllConnections()
      await new Promise<void>((resolve) => warehouse.close(() => resolve()))
    },
  }
}
