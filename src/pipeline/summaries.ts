import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { accountingDay } from '../core/periods.ts'
import { bodyOf, type Summary } from '../sinks/accounting/summary.ts'
import { type Connection, inTransaction } from '../store/database.ts'
import { insertDue } from '../store/due-effects.ts'
import { nextTx } from '../store/facts.ts'
import * as summaries from '../store/summaries.ts'
import { newId } from './ids.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'

const everyMs = 60_000
const linksAtOnce = 500n
const groupsAtOnce = 50
const waitingMax = 5_000
/** No provider keeps money for longer between two payouts; by then it was paid out in a way that names no lines. */
const payoutWithinDays = 40

/** Sums up the books for the accounting program from time to time; nothing where none is configured. */
export function startSummarising(system: System): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = pushOf(system) === undefined ? Promise.resolve() : loop(system, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function loop(system: System, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      while (!stop.aborted && (await summarise(system)));
    } catch (error) {
      system.log.warn('the books could not be summed up and will be again', { error: error as Error })
    }
    await wait(everyMs, undefined, { signal: stop }).catch(() => {})
  }
}

/**
 * One round, in one transaction: takes up new entries, and makes an effect of each group of which nothing more is
 * expected. An entry is in one summary; what comes later for a group is its next part. True while there is more to do.
 */
export async function summarise(system: System): Promise<boolean> {
  const push = pushOf(system)
  if (push === undefined) return false
  const { timezone } = system.config.sinks.accounting!
  const today = accountingDay(system.now().toISOString(), timezone)
  const [made, hasMore] = await inTransaction(system.db.worker, async (on) => {
    await summaries.lock(on)
    await summaries.begin(on, push.from !== undefined)
    const [at] = await summaries.progress(on)
    const until = at!.head - at!.done > linksAtOnce ? at!.done + linksAtOnce : at!.head
    await summaries.takeUp(on, at!.done, until, modePushed(system), push.from ?? null, push.by)
    await summaries.advance(on, until)
    if (push.by === 'payout') {
      await summaries.joinPayouts(on, waitingMax)
      const lastDay = new Date(system.now().getTime() - payoutWithinDays * 86_400_000).toISOString()
      await summaries.giveUpWaiting(on, accountingDay(lastDay, timezone))
    }
    const groups = await summaries.complete(on, today, groupsAtOnce)
    let count = 0
    for (const { grp } of groups) count += await makeDue(on, system, grp)
    return [count, until < at!.head || groups.length === groupsAtOnce] as const
  })
  if (made > 0) signal.emit('effects')
  return hasMore
}

async function makeDue(on: Connection, system: System, group: string): Promise<number> {
  const closed = await summaries.close(on, group)
  const part = closed[0]!.part
  const sums = await summaries.sumsOf(
    on,
    closed.map((row) => row.entry_seq),
  )
  const open = sums.filter(({ amount }) => amount !== 0n)
  const made = [...Map.groupBy(open, ({ currency }) => currency)].map(
    ([currency, rows]): Summary => ({
      id: summaryId(`${modePushed(system)} ${group}`, currency, part),
      group,
      part,
      date: rows[0]!.day,
      currency,
      text: `ordersync ${group.replace(':', ' ')}${part > 1 ? `, part ${part}` : ''}`,
      lines: rows.map(({ account, amount }) => ({ account, amountMinor: amount })),
    }),
  )
  if (made.length > 0) await insertEffects(on, system, made)
  return made.length
}

/** No order stands behind the effect of a summary: what becomes of one order takes no other's figures back. */
async function insertEffects(on: Connection, system: System, made: readonly Summary[]): Promise<void> {
  const now = system.now()
  const mode = modePushed(system)
  const home = system.config.connections.find((connection) => connection.mode === mode)!.id
  await insertDue(
    on,
    made.map(() => newId('eff', now)),
    made.map(({ id }) => `accounting:${id}`),
    made.map(() => 'accounting'),
    made.map(() => 'summary'),
    made.map(() => 'due'),
    made.map(() => null),
    made.map(() => home),
    made.map((summary) => JSON.stringify(bodyOf(summary))),
    made.map(() => now.toISOString()),
    made.map(() => null),
    (await nextTx(on))[0]!.tx,
  )
}

/** 21 characters at most, as the narrowest of the programs wants it: `os-4c1f09ab77-USD-2`. */
function summaryId(group: string, currency: string, part: number): string {
  const digest = createHash('sha256').update(group).digest('hex').slice(0, 10)
  return `os-${digest}-${currency}${part > 1 ? `-${part}` : ''}`
}

function pushOf({ config }: System) {
  return config.sinks.accounting?.push
}

/** Test and live never stand in one program: live where anything is live. */
export function modePushed({ config }: System): 'test' | 'live' {
  return config.connections.some(({ mode }) => mode === 'live') ? 'live' : 'test'
}
