import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hash } from 'node:crypto'
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
  readonly slackUrl: string
  readonly appUrl: string
  /** What the channel was told, message by message. */
  readonly said: string[]
  /** webhook-id → hashes of the bodies that an app was sent under it. */
  readonly announced: Map<string, Set<string>>
  /** `type order id [resource]` → webhook-ids of announcements of it. */
  readonly announcements: Map<string, Set<string>>
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
  const said: string[] = []
  const announced = new Map<string, Set<string>>()
  const announcements = new Map<string, Set<string>>()
  const endpoints = await Promise.all([
    endpoint((id, body) => {
      add(requests, id, hash('sha256', body))
      add(requestsByOrder, JSON.parse(body.toString('utf8')).data.order_id, id)
    }),
    endpoint((_, body) => said.push(body.toString('utf8'))),
    endpoint((id, body) => {
      add(announced, id, hash('sha256', body))
      const { type, data } = JSON.parse(body.toString('utf8'))
      add(announcements, [type, data.order_id, data.refund?.id].join(' '), id)
    }),
  ])
  const [warehouse, slack, app] = endpoints
  const smtpPort = (smtp.server.address() as AddressInfo).port
  return {
    smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
    warehouseUrl: warehouse!.url,
    slackUrl: slack!.url,
    appUrl: app!.url,
    mails,
    requests,
    requestsByOrder,
    said,
    announced,
    announcements,
    async close() {
      await new Promise<void>((resolve) => smtp.close(() => resolve()))
      await Promise.all(endpoints.map((one) => one.close()))
    },
  }
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value))
}

/** An HTTP endpoint that takes everything. */
async function endpoint(onRequest: (id: string, body: Buffer) => unknown) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('error', () => {})
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      onRequest(String(request.headers['webhook-id']), Buffer.concat(chunks))
      response.writeHead(200).end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    close() {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
