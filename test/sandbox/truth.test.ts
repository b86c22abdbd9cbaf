import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { requestRun } from '../../src/pipeline/reconcile.ts'
import { type Admin, adminApi, type ShownOrder } from '../../src/sandbox/demo/admin.ts'
import { books, rest } from '../../src/sandbox/demo/evening.ts'
import { connection, type Setting, setUp } from '../../src/sandbox/demo/setting.ts'
import { printMajor } from '../../src/sandbox/stripe/currency.ts'
import { randomFrom } from '../../src/sandbox/stripe/random.ts'
import { testDatabase } from '../support/database.ts'
import { live, type Truth } from './life.ts'

/** Repeat a failure with SEED; it is printed with every run. */
const seed = process.env.SEED ?? 'truth-1'
const purchases = 60

/** Stripe's two decimals of ISK are none of ours. */
function major(amount: number, currency: string): string {
  return currency === 'isk' ? String(amount / 100) : printMajor(amount, currency)
}

function expected({ currency, captured, refunded, disputed, returned }: Truth) {
  return {
    captured: major(captured, currency),
    refunded: major(refunded, currency),
    disputed: major(disputed, currency),
    returned: major(returned, currency),
  }
}

function shown({ totals }: ShownOrder) {
  const { captured, refunded, disputed, returned } = totals
  return {
    captured: captured!.amount,
    refunded: refunded!.amount,
    disputed: disputed!.amount,
    returned: returned!.amount,
  }
}

test(`after lost, late, doubled and damaged webhooks and one reconciliation, every order is as Stripe has it (seed ${seed})`, async (t) => {
  const { url } = await testDatabase(t)
  const dataDir = await mkdtemp(join(tmpdir(), 'ordersync-truth-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const setting = await setUp({ dataDir, host: '127.0.0.1', port: 0, databaseUrl: url })
  try {
    await compare(setting, t.signal)
  } finally {
    // Before the database goes: hooks run in the order in which they were made.
    await setting.stop()
  }
})

async function compare(setting: Setting, signal: AbortSignal): Promise<void> {
  const admin = adminApi(setting.url, setting.adminKey)
  const { world, deliver } = setting.twin
  deliver.mischief = { lose: 0.1, duplicate: 0.2, delay: 0.3, delayMs: 300, corrupt: 0.03 }

  const random = randomFrom(seed)
  const truths: Truth[] = []
  for (let n = 0; n < purchases; n++) {
    deliver.hold()
    truths.push(live(world, random, `T${n}`))
    // Of every tenth purchase nothing at all is sent; of the others single events are lost.
    deliver.fate = n % 10 === 5 ? () => ({ lose: true }) : undefined
    deliver.release(random.pick(['kept', 'shuffled', 'reversed'] as const))
  }
  deliver.fate = undefined
  world.payoutArrives(world.payout())
  await deliver.settled()
  assert.ok(await rest(admin, signal), 'the service came to rest')
  assert.notDeepEqual(await differing(admin, truths), [], 'without a reconciliation something is missing')
  await requestRun(setting.running.system, { connection })
  assert.ok(await rest(admin, signal), 'the service came to rest')

  assert.ok(deliver.lost.size > 10)
  assert.deepEqual(await differing(admin, truths), [])

  const { isBalanced, lines } = await books(admin)
  assert.ok(isBalanced)
  const clearing = lines.filter(({ account }) => account.startsWith('Assets:Clearing'))
  const held = clearing.map(({ balance, currency }) => [currency, balance.amount])
  assert.deepEqual(
    held.filter(([, amount]) => Number(amount) !== 0),
    [],
    'the payout took all that Stripe held',
  )
  assert.equal(world.balance(), 0)
}

/** Orders that are not as Stripe has them, both sides. */
async function differing(admin: Admin, truths: readonly Truth[]): Promise<object[]> {
  const { data } = await admin.get<{ data: ShownOrder[] }>('/orders?limit=200')
  const byNumber = new Map(data.map((order) => [order.number, order]))
  return truths.flatMap((truth) => {
    const order = byNumber.get(truth.number)
    const [ours, theirs] = [order === undefined ? 'unknown' : shown(order), expected(truth)]
    return isDeepStrictEqual(ours, theirs)
      ? []
      : [{ number: truth.number, currency: truth.currency, ours, theirs }]
  })
}
