import { z } from 'zod'
import { eventsToCome, isEventName, outgoingEvents } from '../core/due-outgoing.ts'
import { isLocale } from '../sinks/receipt/look.ts'
import { accounting } from './accounting.ts'
import { connection } from './connection.ts'
import { type Mistake, pathText } from './problem.ts'
import { choice, duration, flag, instant, only, section, signingSecret, text, url, whole } from './values.ts'

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
