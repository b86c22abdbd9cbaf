import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Order } from '../../src/core/order.ts'
import type { Attempt, Item } from '../../src/sinks/sink.ts'

/** What a scripted mail server does at one step: say this, or end the connection, or nothing at all. */
export type Step = string | 'cut' | 'silent'
export type Script = {
  greeting?: Step
  mail?: Step
  rcpt?: Step
  data?: Step
  /** After the final dot; 'cut' and 'silent' keep the message all the same. */
  message?: Step
  /** Ends the connection as soon as the message's first bytes are there. */
  cutInMessage?: boolean
}

/** A mail server that follows a script, which may be changed at any time; `messages` are those whose dot arrived. */
export async function scriptedMailServer(t: TestContext, script: Script = {}) {
  const messages: string[] = []
  const commands: string[] = []
  const sockets = new Set<Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    converse(socket, script, { messages, commands })
  })
  const port = await listening(server)
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    return closed(server)
  })
  return { url: `smtp://127.0.0.1:${port}`, port, messages, commands, script }
}

function converse(socket: Socket, script: Script, record: { messages: string[]; commands: string[] }): void {
  let buffer = ''
  let isMessage = false
  const act = (step: Step) => {
    if (step === 'cut') socket.destroy()
    else if (step !== 'silent') socket.write(`${step}\r\n`)
  }
  const command = (line: string) => {
    record.commands.push(line)
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'MAIL') act(script.mail ?? '250 ok')
    else if (verb === 'RCPT') act(script.rcpt ?? '250 ok')
    else if (verb === 'DATA') {
      const reply = script.data ?? '354 go on'
      act(reply)
      isMessage = reply.startsWith('354')
    } else if (verb === 'QUIT') socket.end('221 bye\r\n')
    else act('250 ok')
  }
  act(script.greeting ?? '220 scripted')
  socket.on('data', (chunk) => {
    buffer += chunk.toString('latin1')
    for (;;) {
      if (isMessage && script.cutInMessage === true && buffer !== '') return void socket.destroy()
      const end = isMessage ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n')
      if (end < 0) return
      const text = buffer.slice(0, end)
      buffer = buffer.slice(end + (isMessage ? 5 : 2))
      if (isMessage) {
        isMessage = false
        record.messages.push(text)
        act(script.message ?? '250 taken')
      } else command(text)
    }
  })
}

export type Received = { method: string; url: string; headers: http.IncomingHttpHeaders; body: Buffer }
export type Reply = { status: number; headers?: http.OutgoingHttpHeaders; body?: string } | 'cut' | 'silent'

/** An HTTP endpoint that keeps what it was sent; the handler says what it answers. */
export async function endpoint(t: TestContext, handler: (received: Received) => Reply) {
  const received: Received[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks) }
      received.push(one)
      const reply = handler(one)
      if (reply === 'cut') request.socket.destroy()
      else if (reply !== 'silent') response.writeHead(reply.status, reply.headers).end(reply.body)
    })
  })
  const port = await listening(server)
  t.after(() => {
    server.closeAllConnections()
    return closed(server)
  })
  return { url: `http://127.0.0.1:${port}/hook`, port, received }
}

function listening(server: net.Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function closed(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

/** An attempt that is always allowed to go on, with what it passed by. */
export function attemptOf(over: Partial<Attempt> & { key?: string } = {}): Attempt & { seen: string[] } {
  const seen: string[] = []
  return {
    id: 'eff_1',
    key: 'receipt:acct:ch_1:1999',
    attempts: 1,
    bytes: Buffer.from('Subject: hello\r\n\r\nbody\r\n'),
    to: ['buyer@example.com'],
    signal: new AbortController().signal,
    mayLeave: async (reference) => void seen.push(`leaving ${reference}`),
    sent: () => void seen.push('sent'),
    point: (label) => void seen.push(label),
    ...over,
    seen,
  }
}

/** A paid order of two shirts; tests change what they are about. */
export function orderOf(over: Partial<Order> = {}): Order {
  const zero = 0n
  return {
    number: '1001',
    isAttached: true,
    saleKind: 'sale',
    status: 'open',
    paymentStatus: 'paid',
    pendingReason: undefined,
    disputeStatus: 'none',
    fulfillmentStatus: 'unfulfilled',
    currency: 'USD',
    totals: {
      orderedMinor: 4498n,
      authorizedMinor: zero,
      capturedMinor: 4498n,
      refundedMinor: zero,
      returnedMinor: zero,
      disputedMinor: zero,
      feesMinor: zero,
      netMinor: 4498n,
    },
    parts: [
      { kind: 'goods', amountMinor: 3998n, discountMinor: zero },
      { kind: 'shipping', amountMinor: 500n, discountMinor: zero },
    ],
    lineItems: [
      {
        id: '1',
        sku: 'TEE-M',
        title: 'T-shirt <M>',
        quantity: 2,
        unitPriceMinor: 1999n,
        fulfilledQuantity: 0,
        refundedQuantity: 0,
        withdrawnQuantity: 0,
        returnedQuantity: 0,
        lostQuantity: 0,
        isKnownSku: true,
      },
    ],
    shipments: [],
    returns: [],
    tenders: [],
    presentment: undefined,
    gateways: [],
    tags: [],
    saidAt: undefined,
    cancelledAt: undefined,
    isHandedOver: false,
    claim: undefined,
    refundClaim: undefined,
    refundAllocation: { lines: [], taxMinor: zero, shippingMinor: zero, adjustmentMinor: zero },
    scope: 'stripe-test',
    requested: undefined,
    personId: 'per_1',
    hasEmail: true,
    shipTo: { personId: 'per_1', method: 'Express' },
    payments: [],
    refunds: [],
    disputes: [],
    reviews: [],
    decisions: [],
    exchange: [],
    settlement: [],
    wants: [],
    isCovered: true,
    releasedAt: undefined,
    isStandInNumber: false,
    resource: { kind: 'payment_intent', id: 'pi_1' },
    placedAt: '2026-11-25T10:00:00.000Z',
    version: 3,
    fulfillmentRequests: 0,
    ...over,
  }
}

export function itemOf(over: Partial<Item> = {}): Item {
  const buyer = {
    email: 'buyer@example.com',
    name: 'Ada Łódź',
    address: { line1: '1 Main St', city: 'Springfield', postalCode: '12345', country: 'US' },
  }
  return {
    id: 'eff_1',
    key: 'receipt:acct:ch_1:4498',
    kind: 'receipt',
    connection: 'stripe-main',
    body: { amount_minor: '4498', currency: 'USD', resource: 'ch_1' },
    orderId: 'ord_1',
    order: orderOf(),
    customer: buyer,
    shipTo: buyer,
    requested: undefined,
    now: '2026-11-25T10:00:05.000Z',
    announced: undefined,
    forwarded: undefined,
    ...over,
  }
}
