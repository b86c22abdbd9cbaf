/** The PayPal twin: a made-up merchant account, its API on loopback, and a sender of its signed webhooks. */
import { serveOn, type Served } from '../serving.ts'
import { createFaults } from '../stripe/api/faults.ts'
import { After } from './after.ts'
import { createPaypalDeliver, type PaypalDeliver } from './deliver.ts'
import type { PaypalTwinParts } from './parts.ts'
import { createPaypalApi } from './server.ts'
import { Steps } from './steps.ts'
import { createPaypalWorld } from './world.ts'

export { twinAuthority } from './certificates.ts'
export { signedHeaders } from './deliver.ts'

export type PaypalTwinOptions = {
  readonly seed: string | number
  readonly port?: number
  readonly now?: () => Date
  /** Waits before each retry of a webhook that was not taken. Default: no retry. */
  readonly retriesMs?: readonly number[]
  readonly clientId?: string
  readonly clientSecret?: string
}

export type PaypalTwin = PaypalTwinParts &
  Served & {
    readonly deliver: PaypalDeliver
    /** Registers a webhook for every event, and answers with its id, which its signatures are made for. */
    addWebhook(url: string, id?: string): string
  }

/** A twin that listens. Its clock is the real one unless `now` is given. */
export async function startPaypalTwin(options: PaypalTwinOptions): Promise<PaypalTwin> {
  const world = createPaypalWorld(options)
  const parts: PaypalTwinParts = {
    world,
    steps: new Steps(world),
    after: new After(world),
    faults: createFaults(),
    clientId: options.clientId ?? 'twin-client',
    clientSecret: options.clientSecret ?? 'twin-client-secret',
    requests: [],
  }
  const deliver = createPaypalDeliver(
    world,
    options.retriesMs === undefined ? {} : { retriesMs: options.retriesMs },
  )
  const served = await serveOn(createPaypalApi(parts), options.port)
  return {
    ...parts,
    ...served,
    deliver,
    addWebhook(url, id = world.newId()) {
      world.things.webhook.set(id, { id, url, event_types: [{ name: '*' }], links: [] })
      return id
    },
    async stop() {
      deliver.stop()
      await served.stop()
    },
  }
}
