import type { Config, Connection } from '../../config.ts'
import type { Policy, WriteBackTarget } from '../../core/effect.ts'
import { type Books, defaultBooks } from '../../core/journal.ts'
import { writable } from '../readable.ts'
import { channelsOf } from '../notices.ts'
import type { System } from '../system.ts'

/** The configuration's part in what follows from facts. */
export type FoldSettings = {
  readonly config: Config
  readonly policy: Policy
  readonly books: Books
  readonly effectsSince: Date
}

const policies = new WeakMap<Config, Policy>()

/** What the configuration decides about effects. A missing sink is off: its effects are not made. */
export function policyOf({ config, providers }: Pick<System, 'config' | 'providers'>): Policy {
  const held = policies.get(config)
  if (held !== undefined) return held
  const { sinks } = config
  const stock = writable({ config, providers }, 'stock').find(({ id }) => id === sinks.inventory?.connection)
  const policy: Policy = {
    sinks: {
      inventory: sinks.inventory !== undefined,
      accounting: sinks.accounting !== undefined,
      receipt: sinks.receipt !== undefined,
      fulfillment: sinks.fulfillment !== undefined,
      notify: sinks.notify !== undefined,
      outgoing: sinks.outgoing.length > 0,
      provider: true,
    },
    receiptWaitMs: sinks.receipt?.waitForMs ?? 0,
    mailedByProvider: config.connections
      .filter(({ id }) => sinks.receipt?.providerMails?.includes(id))
      .map(({ account }) => account),
    commitOn: sinks.inventory?.commitOn ?? 'paid',
    releaseOn: sinks.fulfillment?.releaseOn ?? 'paid',
    releaseByGateway: { cash_on_delivery: 'placed' },
    notifyOn: sinks.notify?.on ?? [],
    notifyKeys: channelsOf(config),
    outgoing: sinks.outgoing.map(({ id, events }) => ({ id, events })),
    tracking: writable({ config, providers }, 'tracking').map(targetOf),
    ...(stock !== undefined && { stock: targetOf(stock) }),
    refundDueAfterMs: 0,
  }
  policies.set(config, policy)
  return policy
}

function targetOf({ id, account }: Connection): WriteBackTarget {
  return { connection: id, scope: account }
}

export function booksOf(config: Config): Books {
  return config.sinks.accounting ?? defaultBooks
}
