import { connect, type Socket } from 'node:net'
import { eventsOf, requestOf } from './lives.ts'

/**
 * The load, in a process of its own. `closed`: each connection sends the next event when it has its answer. `open`:
 * events leave at their times whatever the answers do, and an answer's latency counts from the time planned.
 */
export type Order = {
  readonly kind: 'closed' | 'open'
  readonly port: number
  readonly path: string
  readonly secret: string
  readonly run: string // makes this run's events different from every other's
  readonly events: number
  readonly connections: number
  readonly ratePerSecond?: number
}
export type Outcome = {
  readonly answered: number
  readonly not200: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

process.on('message', (order: Order) => {
  run(order).then(
    (outcome) => process.send?.(outcome),
    (error: Error) => process.send?.({ error: error.message }),
  )
})

async function run(order: Order): Promise<Outcome> {
  const atSeconds = Math.floor(Date.now() / 1_000)
  const requests = eventsOf(order.run, order.events).map((body) => requestOf(body, { ...order, atSeconds }))
  const lines = await Promise.all(Array.from({ length: order.connections }, () => open(order.port)))
  const latencies = new Float64Array(requests.length)
  const cpu = process.cpuUsage()
  const begun = performance.now()
  const not200 = await (order.kind === 'closed'
    ? closedLoop(lines, requests, latencies)
    : openLoop(lines, requests, latencies, order.ratePerSecond!))
  const seconds = (performance.now() - begun) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  for (const line of lines) line.socket.destroy()
  latencies.sort()
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  return {
    answered: requests.length,
    not200,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

function closedLoop(
  lines: readonly Line[],
  requests: readonly Buffer[],
  latencies: Float64Array,
): Promise<number> {
  let next = 0
  let left = requests.length
  let not200 = 0
  return new Promise((resolve, reject) => {
    const send = (line: Line) => {
      if (next >= requests.length) return
      const n = next++
      const sentAt = performance.now()
      line.answered = (status) => {
        latencies[n] = performance.now() - sentAt
        if (status !== 200) not200 += 1
        left -= 1
        if (left === 0) resolve(not200)
        else send(line)
      }
      line.socket.write(requests[n]!)
    }
    for (const line of lines) {
      line.socket.on('close', () => left > 0 && reject(new Error('the server closed a connection')))
      send(line)
    }
  })
}

function openLoop(
  lines: readonly Line[],
  requests: readonly Buffer[],
  latencies: Float64Array,
  ratePerSecond: number,
): Promise<number> {
  const idle = [...lines]
  const begun = performance.now()
  const plannedAt = (n: number) => begun + (n * 1_000) / ratePerSecond
  let next = 0
  let left = requests.length
  let not200 = 0
  return new Promise((resolve, reject) => {
    const sendDue = () => {
      const now = performance.now()
      while (next < requests.length && plannedAt(next) <= now && idle.length > 0) {
        const line = idle.shift()! // in turn: one that is never used is closed by the server
        const n = next++
        line.answered = (status) => {
          latencies[n] = performance.now() - plannedAt(n)
          if (status !== 200) not200 += 1
          idle.push(line)
          left -= 1
          if (left > 0) return sendDue()
          clearInterval(timer)
          resolve(not200)
        }
        line.socket.write(requests[n]!)
      }
    }
    const timer = setInterval(sendDue, 1)
    for (const line of lines)
      line.socket.on('close', () => left > 0 && reject(new Error('the server closed a connection')))
  })
}

type Line = { readonly socket: Socket; answered: (status: number) => void }

// A generator that wakes for every answer takes its share of the cores from the fastest server only, and flatters the
// ratio to it: so it sleeps 100 µs after each turn, and finds several answers when it wakes.
const bed = new Int32Array(new SharedArrayBuffer(4))
let isTired = false
function rest(): void {
  if (isTired) return
  isTired = true
  setImmediate(() => {
    isTired = false
    Atomics.wait(bed, 0, 0, 0.1)
  })
}

function open(port: number): Promise<Line> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const line: Line = { socket, answered: () => {} }
    let head = ''
    socket.on('data', (part) => {
      rest()
      head += part.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (head.length < end + 4 + length) return
      const status = Number(head.slice(9, 12))
      head = ''
      line.answered(status)
    })
    socket.once('connect', () => resolve(line))
    socket.once('error', reject)
  })
}
