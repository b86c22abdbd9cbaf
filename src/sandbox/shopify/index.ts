/** The Shopify twin: a made-up shop, its Admin API on loopback, and a sender of its signed webhooks. */
import { serveOn, type Served } from '../serving.ts'
import { createFaults } from '../stripe/api/faults.ts'
import { After } from './after.ts'
import { createShopifyDeliver, enumOf, type ShopifyDeliver } from './deliver.ts'
import { Goods } from './goods.ts'
import { type ApiParts, createShopifyApi } from './server.ts'
import { Steps } from './steps.ts'
import { createBucket } from './throttle.ts'
import { createWorld, type WorldOptions } from './world.ts'

export { shopifyHeaders } from './deliver.ts'

export type ShopifyTwinOptions = WorldOptions & {
  /** Default: one that is free. */
  readonly port?: number
  /** Signs the deliveries. */
  readonly secret?: string
  readonly accessToken?: string
  /** Divides the waits before a delivery is tried again. 1: as the shop, over four hours. */
  readonly timeScale?: number
}

export type ShopifyTwin = ApiParts &
  Served & {
    readonly secret: string
    readonly steps: Steps
    readonly after: After
    readonly deliver: ShopifyDeliver
    /** Subscribes the address to topics as the app's own configuration does, the privacy topics among them. */
    subscribe(uri: string, topics: readonly string[]): void
  }

/** A twin that listens. Its clock is the real one unless `now` is given. */
export async function startShopifyTwin(options: ShopifyTwinOptions): Promise<ShopifyTwin> {
  const world = createWorld(options)
  const secret = options.secret ?? 'shpss_twin_secret'
  const parts: ApiParts = {
    world,
    goods: new Goods(world),
    faults: createFaults(),
    bucket: createBucket(),
    accessToken: options.accessToken ?? 'shpat_twin',
    calls: [],
  }
  const { timeScale = 1 } = options
  const deliver = createShopifyDeliver(world, { secret, version: '2026-10', timeScale })
  const served = await serveOn(createShopifyApi(parts), options.port)
  return {
    ...parts,
    ...served,
    secret,
    steps: new Steps(world),
    after: new After(world),
    deliver,
    subscribe(uri, topics) {
      for (const topic of topics) {
        const id = world.newId()
        world.subscriptions.set(id, {
          id,
          topic: enumOf(topic),
          uri,
          isConfigured: true,
        })
      }
    },
    async stop() {
      deliver.stop()
      await served.stop()
    },
  }
}
