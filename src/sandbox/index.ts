/** The Stripe twin: a made-up account, its API over HTTP on loopback, and a sender of its signed webhooks. */
import { createDeliver, type Deliver, type DeliverOptions } from './deliver.ts'
import { serveOn } from './serving.ts'
import { createFaults, type Faults } from './stripe/api/faults.ts'
import { createApi } from './stripe/api/server.ts'
import { createWorld, type World, type WorldOptions } from './stripe/world.ts'

export type { Deliver, Fate, Mischief } from './deliver.ts'
export type { Fault, Faults } from './stripe/api/faults.ts'
export type { Purchase, World } from './stripe/world.ts'

export type TwinOptions = Partial<WorldOptions> &
  Omit<DeliverOptions, 'seed' | 'now'> & {
    readonly seed: string | number
    /** Default: one that is free. */
    readonly port?: number
    /** An endpoint that gets every event. Without it nothing is sent until one is registered by the API. */
    readonly webhookUrl?: string
    /** That endpoint's secret. Default: made from the seed. */
    readonly secret?: string
    /** The only key that opens the API. Default: anything that looks like a test key. */
    readonly apiKey?: string
  }

export type Twin = {
  /** `http://127.0.0.1:PORT`, for `apiBaseUrl`, or split for the official package's host, port and protocol. */
  readonly url: string
  readonly port: number
  readonly world: World
  readonly faults: Faults
  readonly deliver: Deliver
  /** Secret of the endpoint made for `webhookUrl`. */
  readonly secret: string | undefined
  /** Closes the server and every connection, and gives up deliveries that are to come. */
  stop(): Promise<void>
}

/** A twin that listens. Its clock is the real one unless `now` is given. */
export async function startTwin(options: TwinOptions): Promise<Twin> {
  const world = createWorld({ ...options, now: options.now ?? (() => new Date()) })
  const faults = createFaults()
  // The signatures' clock is the receiver's, so the world's clock is not handed on.
  const { now: _worldClock, ...sending } = options
  const deliver = createDeliver(world.ground, sending)
  const endpoint =
    options.webhookUrl === undefined
      ? undefined
      : world.ground.addEndpoint(options.webhookUrl, { secret: options.secret })
  const served = await serveOn(createApi({ world, faults, apiKey: options.apiKey }), options.port)
  return {
    ...served,
    world,
    faults,
    deliver,
    secret: endpoint === undefined ? undefined : world.ground.secrets.get(endpoint.id),
    async stop() {
      deliver.stop()
      await served.stop()
    },
  }
}
