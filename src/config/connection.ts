import { z } from 'zod'
import { choice, network, only, text, url, whole } from './values.ts'

/** Keys that only some providers have; what they mean, and whether they fit, is for the provider's own `check`. */
export const providerKeys = {
  webhookId: text("the provider's id of our webhook").optional(),
  clientId: text("the app's client id").optional(),
  clientSecret: text("the app's client secret").optional(),
  verify: choice('certificate', 'postback').optional(),
  caFile: text('the path of a certificate').optional(),
  shop: text("the shop's address, such as x.myshopify.com", /^[a-z0-9.-]+$/).optional(),
  accessToken: text('an access token').optional(),
  gateways: z
    .record(z.string(), z.coerce.string('shop, or the id of a connection'), 'a mapping of gateways')
    .optional(),
  location: z.coerce.string('the id of a location').optional(),
  consumerKey: text("the API's consumer key").optional(),
  consumerSecret: text("the API's consumer secret").optional(),
  clientState: text('the secret that the provider sends back').optional(),
  apiVersion: text('the API version that the endpoint was made for').optional(),
}

const notASecret = 'the signing secret that the provider shows for the endpoint'
const webhookSecret = text(notASecret)
  .refine((value) => !/^we_/.test(value), `${notASecret}: this is the id of an endpoint`)
  .refine((value) => !/^(sk|rk|pk)_/.test(value), `${notASecret}: this is an API key`)

/** One connection as the file has it. */
export const connection = only({
  id: text('a name of small letters, digits and hyphens', /^[a-z0-9-]{1,64}$/),
  provider: text("a provider's name"),
  mode: choice('test', 'live'),
  speaksFor: z
    .array(choice('order', 'payment', 'fulfillment'), 'a list of order, payment, fulfillment')
    .min(1, 'at least one of order, payment, fulfillment'),
  owner: text('text').optional(),
  purpose: text('text').optional(),
  failurePlan: text('text').optional(),
  webhookSecrets: z.array(webhookSecret, 'a list of signing secrets').default([]),
  apiKey: text("the API's key").optional(),
  apiBaseUrl: url(['http:', 'https:'], 'http://127.0.0.1:12111').optional(),
  account: text('an account id').optional(),
  ordersFrom: z.array(text('the id of a connection'), 'a list of connections').default([]),
  accept: z.record(z.string(), z.coerce.string('text'), 'a mapping of paths to values').default({}),
  allowIps: z.array(network, 'a list of addresses').default([]),
  toleranceSeconds: whole(1).default(300),
  orderReference: z
    .array(
      z.union(
        [text('a path'), only({ field: text('a path'), pattern: text('a regular expression') })],
        'a path, or {field, pattern}',
      ),
      'a list of paths',
    )
    .default([]),
  ...providerKeys,
})
