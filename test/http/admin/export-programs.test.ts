import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { exponentOf, parseDecimal } from '../../../src/core/money.ts'
import { record } from '../../../src/pipeline/record.ts'
import type { System } from '../../../src/pipeline/system.ts'
import { currenciesOfLives } from '../../core/lives.ts'
import { seed } from '../../support/property.ts'
import { manyLives } from './many-lives.ts'
import { type Admin, startAdmin } from './support.ts'

const livesCount = 10_000
const livesPerRecording = 250
const run = promisify(execFile)
const outputBytesMax = 64 * 1024 * 1024

/** `account currency` → minor units, as a program printed or as our trial balance has it; none of zero. */
type Balances = ReadonlyMap<string, bigint>

function balancesOf(rows: Iterable<readonly [account: string, currency: string, amount: string]>): Balances {
  const balances = new Map<string, bigint>()
  for (const [account, currency, amount] of rows) {
    const minor = parseDecimal(amount.trim(), currency.trim())
    assert.notEqual(minor, undefined, `${account}: "${amount}" is no amount in ${currency}`)
    // Beancount wants capitals at the beginning of each part of a name.
    if (minor !== 0n) balances.set(`${account.trim().toLowerCase()} ${currency.trim()}`, minor!)
  }
  return new Map([...balances].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const cells = (line: string) => line.replaceAll('"', '').split(',') as [string, string, string]

/** Each program checks that every entry balances, then sums up by account and currency. */
const programs = [
  {
    program: 'hledger',
    format: 'hledger',
    args: ['-f', 'FILE', 'balance', '--strict', '--flat', '--no-total', '--layout=bare', '-O', 'csv'],
    read: (text: string) => balancesOf(text.trimEnd().split('\n').slice(1).map(cells)),
  },
  {
    program: 'ledger',
    format: 'ledger',
    args: [
      '-f',
      'FILE',
      '--pedantic',
      'balance',
      '--flat',
      '--no-total',
      '--format',
      '%(account)|%(scrub(display_total));',
    ],
    read: (text: string) =>
      balancesOf(
        text.split(';').flatMap((block) => {
          const [account, amounts] = block.split('|')
          if (amounts === undefined) return []
          return amounts.split('\n').map((line) => {
            const [amount, currency] = line.trim().split(' ') as [string, string]
            return [account!, currency, amount] as const
          })
        }),
      ),
  },
  {
    program: 'bean-query',
    format: 'beancount',
    // As text: it would print numbers with the decimals of most of them.
    args: ['-f', 'csv', 'FILE', 'select account, currency, str(sum(number)) group by account, currency'],
    read: (text: string) =>
      balancesOf(
        text
          .trimEnd()
          .split('\n')
          .slice(1)
          .map((line) => cells(line.replace(/Decimal\('(.*)'\)/, '$1'))),
      ),
  },
]

// Side by side: each program keeps one core busy for as long as it reads.
describe(`${livesCount} generated lives of orders (seed ${seed})`, { concurrency: 2 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ordersync-'))
  const cleanups: (() => unknown)[] = [() => rmSync(folder, { recursive: true })]
  let admin: Admin
  let ours: Balances

  before(async () => {
    admin = await startAdmin({ after: (cleanup: () => unknown) => void cleanups.push(cleanup) } as never)
    await recordAll(admin.system)
    const { data } = (await admin.get('/ledger/trial-balance')).body as {
      data: { account: string; currency: string; balance: { amount: string } }[]
    }
    ours = balancesOf(data.map(({ account, currency, balance }) => [account, currency, balance.amount]))
  })
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup()
  })

  test('their books balance in every currency, of none, two and three decimals', () => {
    const sums = new Map<string, bigint>()
    for (const [key, amount] of ours) {
      const currency = key.slice(-3)
      sums.set(currency, (sums.get(currency) ?? 0n) + amount)
    }
    assert.deepEqual([...sums.keys()].sort(), [...currenciesOfLives].sort())
    for (const [currency, sum] of sums) assert.equal(sum, 0n, currency)
    assert.deepEqual(new Set([...sums.keys()].map(exponentOf)), new Set([0, 2, 3]))
  })

  for (const { program, format, args, read } of programs) {
    const isThere = spawnSync(program, ['--version']).error === undefined
    test(`${program} reads the ${format} export, finds it balanced, and agrees to the last unit`, {
      skip: isThere ? false : `${program} is not installed`,
    }, async () => {
      const file = join(folder, `books.${format}`)
      writeFileSync(file, (await admin.get(`/ledger/export?format=${format}`)).bytes)
      const asked = args.map((arg) => (arg === 'FILE' ? file : arg))
      const { stdout, stderr } = await run(program, asked, { maxBuffer: outputBytesMax })
      assert.equal(stderr, '')
      assert.deepEqual(read(stdout), ours)
      // One unit more is seen: what is compared is not nothing.
      const [[key, amount]] = [...ours] as [[string, bigint]]
      assert.notDeepEqual(read(stdout), new Map([...ours, [key, amount + 1n]]))
    })
  }

  test('the CSV export sums up to the same', async () => {
    const rows = (await admin.get('/ledger/export?format=csv')).bytes
      .toString()
      .trimEnd()
      .split('\r\n')
      .slice(1)
    const sums = new Map<string, bigint>()
    for (const row of rows) {
      const [account, currency, debit, credit] = row.split(',').slice(8, 12) as [
        string,
        string,
        string,
        string,
      ]
      const amount = debit === '' ? -parseDecimal(credit, currency)! : parseDecimal(debit, currency)!
      const key = `${account.toLowerCase()} ${currency}`
      sums.set(key, (sums.get(key) ?? 0n) + amount)
    }
    const open = [...sums].filter(([, amount]) => amount !== 0n)
    assert.deepEqual(new Map(open.sort(([a], [b]) => (a < b ? -1 : 1))), ours)
  })
})

/** Through the one door to the books, in large batches and with nothing but the books to do. */
async function recordAll(system: System): Promise<void> {
  const { accounting } = system.config.sinks
  const sinks = { ...(accounting === undefined ? {} : { accounting }), outgoing: [] }
  const bare = { ...system, config: { ...system.config, sinks } }
  const items = manyLives(livesCount, seed, 'stripe-test')
  const batches = Array.from({ length: Math.ceil(items.length / livesPerRecording) }, (_, n) =>
    items.slice(n * livesPerRecording, (n + 1) * livesPerRecording),
  )
  for (const batch of batches) await record(bare, { items: batch })
}
