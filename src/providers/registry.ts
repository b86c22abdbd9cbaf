import { paypal } from './paypal/index.ts'
import type { Provider } from './provider.ts'
import { shopify } from './shopify/index.ts'
import { standardWebhooks } from './standard-webhooks/index.ts'
import { stripe } from './stripe/index.ts'

/** Every provider we speak, by the name that a connection's `provider` and the webhook path use. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [stripe, paypal, shopify, standardWebhooks].map((provider) => [provider.name, provider]),
)
