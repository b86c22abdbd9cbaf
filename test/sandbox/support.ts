import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import Stripe from 'stripe'
import { startTwin, type Twin, type TwinOptions } from '../../src/sandbox/index.ts'
import { createWorld, type World, type WorldOptions } from '../../src/sandbox/stripe/world.ts'

/** A clock that stands still until it is moved. */
export function manualClock(start = '2026-01-01T12:00:00Z') {
  let ms = Date.parse(start)
  return {
    now: () => new Date(ms),
    advance(seconds: number) {
      ms += seconds * 1000
    },
  }
}

export function testWorld(options: Partial<WorldOptions> = {}): World {
  return createWorld({ seed: 'test', now: manualClock().now, ...options })
}

/** Types of the events that `step` made, in order. */
export function typesOf(world: World, step: () => unknown): string[] {
  const before = world.events().length
  step()
  return world
    .events()
    .slice(before)
    .map((event) => event.type)
}

export async function testTwin(t: TestContext, options: Partial<TwinOptions> = {}): Promise<Twin> {
  const twin = await startTwin({ seed: 'test', timeScale: 1_000_000, ...options })
  t.after(() => twin.stop())
  return twin
}

/** The official package, pointed at the twin, without retries of its own. */
export function client(twin: Twin, key = 'sk_test_twin'): Stripe {
  return new Stripe(key, {
    host: '127.0.0.1',
    port: twin.port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    timeout: 5000,
  })
}

export type Received = { readonly body: Buffer; readonly signature: string | undefined }

/** A receiver that notes every delivery and answers what `answer` says (default 200). */
export async function testReceiver(t: TestContext, answer: (count: number) => number = () => 200) {
  const received: Received[] = []
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const signature = request.headers['stripe-signature']
    received.push({
      body: Buffer.concat(chunks),
      signature: signature === undefined ? undefined : String(signature),
    })
    response.writeHead(answer(received.length)).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

/** The error that the official package throws, as the fields that callers look at. */
export async function failure(work: Promise<unknown>) {
  try {
    await work
  } catch (error) {
    const { type, statusCode, code, param, message, headers } = error as InstanceType<
      typeof Stripe.errors.StripeError
    >
    return { type, statusCode, code, param, message, headers }
  }
  throw new Error('the call went well')
}
