import type { Config } from '../../config.ts'
import type { Policy } from '../../core/effect.ts'
import { type Books, defaultBooks } from '../../core/journal.ts'
import { channelsOf } from '../notices.ts'

const policies = new WeakMap<Config, Policy>()

/** What the configuration decides about effects. A missing sink is off: its effects are not made. */
export function policyOf(config: Config): Policy {
  const held = policies.get(config)
  if (held !== undefined) return held
  const { sinks } = config
  const policy: Policy = {
    sinks: {
      inventory: sinks.inventory !== undefined,
      accounting: sinks.accounting !== undefined,
      receipt: sinks.receipt !== undefined,
      fulfillment: sinks.fulfillment !== undefined,
      notify: sinks.notify !== undefined,
      outgoing: sinks.outgoing.length > 0,
    },
    receiptWaitMs: sinks.receipt?.waitForMs ?? 0,
    commitOn: 'paid',
    releaseOn: 'paid',
    releaseByGateway: { cash_on_delivery: 'placed' },
    notifyOn: sinks.notify?.on ?? [],
    notifyKeys: channelsOf(config),
    outgoing: sinks.outgoing.map(({ id, events }) => ({ id, events })),
    refundDueAfterMs: 0,
  }
  policies.set(config, policy)
  return policy
}

export function booksOf(config: Config): Books {
  return config.sinks.accounting ?? defaultBooks
}
