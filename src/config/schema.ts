import { z } from 'zod'
import { eventsToCome, isEventName, outgoingEvents } from '../core/due-outgoing.ts'
import { defaultChart } from '../core/journal.ts'
import { exponentOf } from '../core/money.ts'
import { isLocale } from '../sinks/receipt/look.ts'
import { type Mistake, pathText } from './problem.ts'
import {
  choice,
  duration,
  flag,
  instant,
  network,
  only,
  section,
  signingSecret,
  text,
  url,
  whole,
} from './values.ts'

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

const connection = only({
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

const roots = 'Assets, Liabilities, Equity, Income or Expenses'
/** Names that every accounting program takes: a root, then parts without blanks at their ends. */
const accountPattern = text(
  `an account name such as Income:Sales, below ${roots}`,
  /^(Assets|Liabilities|Equity|Income|Expenses)(:[^\s:;|"]([^:;|"\n]*[^\s:;|"])?)+$/,
)

const accounting = only({
  kind: choice('internal'),
  baseCurrency: text('a currency such as USD')
    .refine((code) => exponentOf(code) !== undefined, 'a currency of ISO 4217 such as USD')
    .default('USD'),
  timezone: text('a time zone such as Europe/Warsaw')
    .refine(isTimezone, 'a time zone such as Europe/Warsaw')
    .default('UTC'),
  accounts: only(
    Object.fromEntries(Object.keys(defaultChart).map((key) => [key, accountPattern.optional()])),
  ).default({}),
  recognise: choice('capture', 'fulfillment').default('capture'),
  taxAt: choice('recognise', 'capture').default('recognise'),
  discounts: choice('gross', 'net').default('gross'),
  lostDisputes: choice('expense', 'returns').default('expense'),
  feeTax: choice('asset', 'fees').default('asset'),
  push: only({
    to: choice('quickbooks', 'xero'),
    by: choice('payout', 'day', 'order').default('payout'),
    clientId: text("the app's client id").optional(),
    clientSecret: text("the app's client secret").optional(),
    refreshToken: text('the refresh token that authorising the app gave').optional(),
    company: text('the id of the company: realm or tenant', /^[A-Za-z0-9-]{1,64}$/).optional(),
    accounts: z
      .record(z.string(), z.coerce.string("the program's account"), 'a mapping of accounts')
      .default({}),
    from: z.iso.date('a day such as 2026-01-01').optional(),
    apiBaseUrl: url(['http:', 'https:'], 'http://127.0.0.1:12112').optional(),
  }).optional(),
})

const outside = url(['https:', 'http:'], 'https://example.com/hook')

/** Notices that may be wanted; the default is all of them. */
export const noticeKinds = ['needs_review', 'dead_letter', 'drift', 'dispute'] as const

const outgoingEvent = text('an event such as order.paid, a family such as order.*, or *').refine(
  isEventName,
  `one of ${outgoingEvents.join(', ')}; a family such as order.*, or *`,
)

const mailServer = {
  smtpUrl: url(['smtp:', 'smtps:'], 'smtp://127.0.0.1:2525'),
  from: text('a sender such as "Shop <shop@shop.example>"', /@/),
}

const schema = only({
  publicUrl: url(['http:', 'https:'], 'https://hooks.example.com').optional(),
  connections: z.array(connection, 'a list of connections').min(1, 'at least one connection'),
  sinks: section({
    inventory: only({
      kind: choice('internal', 'shopify', 'woocommerce'),
      connection: text('the id of the connection whose shop keeps the stock').optional(),
      commitOn: choice('paid', 'authorized', 'placed').default('paid'),
      oversold: choice('hold', 'backorder').default('hold'),
      lowAt: whole(0).optional(),
    }).optional(),
    accounting: accounting.optional(),
    receipt: only({
      ...mailServer,
      pdf: flag.default(false),
      waitFor: duration.default(600_000),
      providerMails: z.array(text('the id of a connection'), 'a list of connections').default([]),
      locale: text('a language tag such as de-DE')
        .refine(isLocale, 'a language tag such as de-DE')
        .optional(),
      shop: only({
        name: text('the name of the shop'),
        address: z.array(text('a line of the address'), 'a list of lines').default([]),
        logo: text('the path of a PNG or JPEG file').optional(),
      }).optional(),
    }).optional(),
    fulfillment: only({
      url: outside,
      secret: signingSecret,
      atMostOnce: flag.default(false),
      releaseOn: choice('paid', 'authorized', 'placed').default('paid'),
    }).optional(),
    notify: only({
      slackWebhookUrl: outside.optional(),
      mail: only({
        ...mailServer,
        to: z.array(text('an address', /@/), 'a list of addresses').min(1),
      }).optional(),
      on: z.array(choice(...noticeKinds), 'a list').default([...noticeKinds]),
    })
      .refine(
        ({ slackWebhookUrl, mail }) => (slackWebhookUrl ?? mail) !== undefined,
        'slackWebhookUrl or mail',
      )
      .optional(),
    outgoing: z
      .array(
        only({
          url: outside,
          secret: signingSecret,
          events: z.array(outgoingEvent, 'a list of events').default([]),
          id: text('a name of small letters, digits and hyphens', /^[a-z0-9-]{1,64}$/).optional(),
          forward: z.array(text('the id of a connection'), 'a list of connections').default([]),
          preset: choice('zapier', 'mailchimp', 'jira').optional(),
          project: text('the key of a project', /^[A-Z][A-Z0-9_]*$/).optional(),
          headers: z
            .record(
              z.string().regex(/^[A-Za-z0-9-]+$/, 'a header name'),
              text('a header value', /^[\x20-\x7e]+$/),
              'headers',
            )
            .optional(),
        })
          .refine(
            ({ events, forward }) => events.length + forward.length > 0,
            'at least one event, or a connection to forward',
          )
          .refine(
            ({ preset, project }) => preset !== 'jira' || project !== undefined,
            'a project, for jira to make issues in',
          ),
        'a list',
      )
      .default([]),
  }),
  effects: section({
    since: z
      .union([z.literal('first-start'), instant], 'first-start, or a time such as 2026-11-01T00:00:00Z')
      .default('first-start'),
  }),
  reconcile: section({
    every: duration.default(300_000),
    onStart: flag.default(true),
    overlap: duration.default(7_200_000),
    lookback: duration.default(259_200_000),
    giveUpAfter: duration.default(60_000),
  }),
  limits: section({
    bodyBytes: whole(1024).default(2_097_152),
    pendingWrites: whole(1).default(5_000),
    pendingBytes: whole(1024).default(67_108_864),
    waitMs: whole(1).default(3_000),
    failedVerificationsPerMinute: whole(1).default(100),
  }),
  retention: section({
    payloads: duration.default(400 * 86_400_000),
    deliveries: duration.default(90 * 86_400_000),
  }),
  security: section({ trustProxy: whole(0, 16).default(0), allowPrivateTargets: flag.default(false) }),
})

export type ConfigFile = z.output<typeof schema>

/** The file's content, defaults filled in; or every mistake in it. `document` is the file as written, for the words. */
export function parseFile(
  value: unknown,
  document: unknown,
): { value: ConfigFile | undefined; mistakes: readonly Mistake[]; warnings: readonly string[] } {
  const parsed = schema.safeParse(value ?? {})
  if (!parsed.success)
    return {
      value: undefined,
      mistakes: parsed.error.issues.flatMap((issue) => mistakesOf(issue, document)),
      warnings: [],
    }
  return { value: parsed.data, mistakes: [], warnings: unsupported(parsed.data) }
}

function mistakesOf(issue: z.core.$ZodIssue, document: unknown): readonly Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      at: pathText([...issue.path, key]),
      wrong: 'unknown key',
      expected: issue.message,
    }))
  }
  return [
    {
      at: pathText(issue.path),
      wrong: wrongness(valueAt(document, issue.path), issue.path),
      expected: issue.message,
    },
  ]
}

function wrongness(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined || value === null) return 'is missing'
  const isSecret = path.some((key) => /secret|key|token|url/i.test(String(key)))
  if (isSecret && !(typeof value === 'string' && value.startsWith('env:')))
    return 'this value is not possible'
  const words = JSON.stringify(value)
  return `${words.length > 60 ? `${words.slice(0, 57)}…` : words} is not possible`
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as { [key: PropertyKey]: unknown } | undefined | null)?.[key],
    document,
  )
}

/** What it takes to be let into an accounting program. */
const pushKeys = ['clientId', 'clientSecret', 'refreshToken', 'company'] as const

/** What is asked for and would only be absent is said. */
function unsupported({ sinks }: ConfigFile): readonly string[] {
  const { accounting, outgoing } = sinks
  const warnings: string[] = []
  for (const [index, { events }] of outgoing.entries()) {
    for (const event of events.filter((name) => eventsToCome.includes(name)))
      warnings.push(`sinks.outgoing[${index}].events: ${event} is not announced yet`)
  }
  const { push } = accounting ?? {}
  const missing = push === undefined ? [] : pushKeys.filter((key) => push[key] === undefined)
  if (missing.length > 0)
    warnings.push(`sinks.accounting.push: nothing is pushed without ${missing.join(', ')}`)
  return warnings
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
