import { isIP } from 'node:net'
import type { Config, Connection } from './types.ts'
import type { Provider } from '../providers/provider.ts'
import { isPublicAddress } from '../sinks/public-address.ts'
import { lookOf } from '../sinks/receipt/look.ts'
import type { Mistake } from './problem.ts'

/** What no single key shows: names that clash or lead nowhere, secrets in the wrong place, targets inside our network. */
export function mistakesIn(
  config: Config,
  providers: ReadonlyMap<string, Pick<Provider, 'check' | 'write'>>,
): { mistakes: readonly Mistake[]; warnings: readonly string[] } {
  const mistakes = [
    ...config.connections.flatMap((connection, index) =>
      connectionMistakes(connection, index, config, providers),
    ),
    ...targetMistakes(config),
    ...forwardMistakes(config),
    ...lookMistakes(config),
    ...mailMistakes(config),
    ...chartMistakes(config),
    ...stockMistakes(config, providers),
  ]
  const warnings =
    config.encryptionKey === undefined
      ? []
      : ['ORDERSYNC_ENCRYPTION_KEY: stored payloads are not encrypted yet']
  return { mistakes, warnings }
}

function connectionMistakes(
  connection: Connection,
  index: number,
  config: Config,
  providers: ReadonlyMap<string, Pick<Provider, 'check'>>,
): readonly Mistake[] {
  const at = `connections[${index}]`
  const mistakes: Mistake[] = []
  const earlier = config.connections.slice(0, index)
  if (earlier.some(({ id }) => id === connection.id)) {
    mistakes.push({
      at: `${at}.id`,
      wrong: `"${connection.id}" is there twice`,
      expected: 'a name that no other connection has',
    })
  }
  const provider = providers.get(connection.provider)
  if (provider === undefined) {
    const known = [...providers.keys()].join(', ')
    mistakes.push({
      at: `${at}.provider`,
      wrong: `"${connection.provider}" is not known to this version`,
      expected: `one of ${known}`,
    })
  } else {
    mistakes.push(...provider.check(connection).map((words) => mistakeAt(at, words)))
  }
  for (const [position, from] of connection.ordersFrom.entries()) {
    const source = config.connections.find(({ id }) => id === from)
    if (source === undefined || source.mode !== connection.mode || !source.speaksFor.includes('order')) {
      const expected = `a connection of mode ${connection.mode} that speaks for order`
      mistakes.push({ at: `${at}.ordersFrom[${position}]`, wrong: `"${from}" is not one`, expected })
    }
  }
  for (const [position, secret] of connection.webhookSecrets.entries()) {
    const other = earlier.find((one) => one.mode !== connection.mode && one.webhookSecrets.includes(secret))
    if (other === undefined) continue
    const wrong = `the same secret as connection "${other.id}", which is of mode ${other.mode}`
    mistakes.push({
      at: `${at}.webhookSecrets[${position}]`,
      wrong,
      expected: 'each endpoint to have its own secret',
    })
  }
  for (const [position, reference] of connection.orderReference.entries()) {
    if (typeof reference !== 'string' && !isPattern(reference.pattern)) {
      mistakes.push({ at: `${at}.orderReference[${position}].pattern`, wrong: 'is no regular expression' })
    }
  }
  return mistakes
}

/** A provider says `key: what is wrong`; people look for the key where it stands in the file. */
function mistakeAt(connection: string, words: string): Mistake {
  const [key = '', ...rest] = words.split(': ')
  return rest.length === 0
    ? { at: connection, wrong: words }
    : { at: `${connection}.${key}`, wrong: rest.join(': ') }
}

function targetMistakes(config: Config): readonly Mistake[] {
  if (config.security.allowPrivateTargets) return []
  const { fulfillment, notify, outgoing } = config.sinks
  const targets: readonly (readonly [at: string, url: string | undefined])[] = [
    ['sinks.fulfillment.url', fulfillment?.url],
    ['sinks.notify.slackWebhookUrl', notify?.slackWebhookUrl],
    ...outgoing.map(({ url }, index) => [`sinks.outgoing[${index}].url`, url] as const),
  ]
  return targets.flatMap(([at, url]) => {
    const wrong = url === undefined ? undefined : objection(new URL(url))
    return wrong === undefined
      ? []
      : [{ at, wrong, expected: 'a public https address, or security.allowPrivateTargets: true' }]
  })
}

function mailMistakes({ connections, sinks }: Config): readonly Mistake[] {
  const ids = new Set(connections.map(({ id }) => id))
  return (sinks.receipt?.providerMails ?? []).flatMap((id, position) =>
    ids.has(id)
      ? []
      : [
          {
            at: `sinks.receipt.providerMails[${position}]`,
            wrong: `"${id}" is not one`,
            expected: 'the id of a connection',
          },
        ],
  )
}

/** A logo that cannot be read is seen now, not at the first mail. */
function lookMistakes({ sinks }: Config): readonly Mistake[] {
  try {
    lookOf(sinks.receipt)
    return []
  } catch {
    return [
      {
        at: 'sinks.receipt.shop.logo',
        wrong: 'cannot be read, or is neither PNG nor JPEG',
        expected: 'the path of a PNG or JPEG file',
      },
    ]
  }
}

const sheet = /^(Assets|Liabilities|Equity):/

/**
 * Two things that the books keep apart must not share one account: what is owed or held could not be told any more.
 * Income and expenses may be put together as one likes.
 */
function stockMistakes(
  { connections, sinks }: Config,
  providers: ReadonlyMap<string, Pick<Provider, 'write'>>,
): readonly Mistake[] {
  const id = sinks.inventory?.connection
  if (id === undefined) return []
  const shop = connections.find((connection) => connection.id === id)
  const keepsStock = shop !== undefined && providers.get(shop.provider)?.write?.stock !== undefined
  if (keepsStock) return []
  const expected = 'a connection whose shop keeps stock'
  return [{ at: 'sinks.inventory', wrong: `"${id}" is not one`, expected }]
}

function chartMistakes({ connections, sinks }: Config): readonly Mistake[] {
  const chart = Object.entries(sinks.accounting?.accounts ?? {})
  const severalAccounts = new Set(connections.map(({ account }) => account)).size > 1
  return chart.flatMap(([key, name], index) => {
    const at = `sinks.accounting.accounts.${key}`
    const other = chart.slice(0, index).find(([, earlier]) => earlier === name)?.[0]
    if (other !== undefined && sheet.test(name))
      return [{ at, wrong: `"${name}" is also ${other}`, expected: 'an account of its own' }]
    if (key === 'clearing' && severalAccounts && !name.includes('{c}'))
      return [
        { at, wrong: `"${name}" is one for all connections`, expected: '{c} in it: one for each account' },
      ]
    return []
  })
}

/** What is forwarded must come from somewhere, and two endpoints of one id would share a backlog. */
function forwardMistakes({ connections, sinks }: Config): readonly Mistake[] {
  return sinks.outgoing.flatMap(({ id, forward }, index) => [
    ...forward
      .filter((from) => !connections.some((connection) => connection.id === from))
      .map((from) => ({
        at: `sinks.outgoing[${index}].forward`,
        wrong: `"${from}" is no connection`,
        expected: 'the id of a connection',
      })),
    ...(sinks.outgoing.slice(0, index).some((other) => other.id === id)
      ? [{ at: `sinks.outgoing[${index}].id`, wrong: `"${id}" is there twice`, expected: 'an id of its own' }]
      : []),
  ])
}

/** As the address is written; where its name leads is checked again at every call. */
function objection(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isPrivate =
    isIP(host) === 0 ? /(^|\.)(localhost|local|internal|lan|home\.arpa)$/i.test(host) : !isPublicAddress(host)
  if (isPrivate) return 'leads to a private address'
  return url.protocol === 'https:' ? undefined : 'is not an https address'
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) !== undefined
  } catch {
    return false
  }
}
