import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { printAmount, printDay } from '../../../src/sinks/receipt/amount.ts'
import { localeFor, lookOf } from '../../../src/sinks/receipt/look.ts'
import { prepareMail } from '../../../src/sinks/receipt/message.ts'
import { noticeOf } from '../../../src/sinks/receipt/notice.ts'
import { inReadingOrder } from '../../../src/sinks/receipt/reading-order.ts'
import { itemOf, orderOf } from '../support.ts'
import { pagesOf, textOf } from './pdf-text.ts'

const from = 'Shop <shop@shop.example>'
const hasReader = spawnSync('pdftotext', ['-v']).error === undefined
const skip = hasReader ? false : 'pdftotext is not here'
// One black pixel.
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
)

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ordersync-pdf-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function mailOf(
  over: Parameters<typeof itemOf>[0],
  style: Parameters<typeof prepareMail>[2],
): Promise<string> {
  const prepared = await prepareMail(itemOf(over), from, style)
  assert.equal(prepared.kind, 'send')
  return Buffer.from((prepared as { bytes: Uint8Array }).bytes).toString('utf8')
}

/** The attachments of a mail, by file name. */
function attachments(mail: string): Map<string, Buffer> {
  const parts = mail.matchAll(/filename="?([^"\r\n]+)"?\r\n(?:[^\r\n]+\r\n)*\r\n([A-Za-z0-9+/=\r\n]+)/g)
  return new Map([...parts].map(([, name, text]) => [name!, Buffer.from(text!, 'base64')]))
}

function read(pdf: Buffer, folder: string): string {
  const path = join(folder, 'receipt.pdf')
  writeFileSync(path, pdf)
  return execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' })
}

const lineItems = ['Kubek Łódź', 'Кружка', 'قميص أزرق', 'Tee'].map((title, index) => ({
  ...orderOf().lineItems[0]!,
  id: String(index),
  title,
}))

const said = [
  'Sklep Łódź',
  '90-001 Łódź',
  'Ada Łódź',
  'Kubek Łódź',
  'Кружка',
  '1001',
  '4.498,00 €',
  '39,98 €',
  '25. November 2026',
]

test('a receipt carries a PDF that says what the mail says, names from everywhere included', async (t) => {
  const look = lookOf({
    locale: 'de-DE',
    shop: { name: 'Sklep Łódź', address: ['Piotrkowska 1', '90-001 Łódź'] },
  })
  const mail = await mailOf(
    { order: orderOf({ currency: 'EUR', lineItems }), body: { amount_minor: '449800', currency: 'EUR' } },
    { look, isPdf: true },
  )
  const files = attachments(mail)
  assert.deepEqual([...files.keys()], ['receipt-1001.pdf'])
  const text = textOf(files.get('receipt-1001.pdf')!).join('\n')
  for (const words of said) assert.ok(text.includes(words), `${words} is missing:\n${text}`)
  await t.test('and another reader says so too', { skip }, () => {
    const other = read(files.get('receipt-1001.pdf')!, folderOf(t))
    for (const words of said) assert.ok(other.includes(words), `${words} is missing:\n${other}`)
  })
})

test('a receipt of many lines goes on over pages', async () => {
  const many = Array.from({ length: 120 }, (_, n) => ({
    ...lineItems[3]!,
    id: String(n),
    title: `Tee no. ${n}`,
  }))
  const mail = await mailOf({ order: orderOf({ lineItems: many }) }, { isPdf: true })
  const pdf = attachments(mail).get('receipt-1001.pdf')!
  const pieces = textOf(pdf)
  assert.ok(pieces.includes('2 × Tee no. 0') && pieces.includes('2 × Tee no. 119'))
  assert.ok(pagesOf(pdf) > 2)
})

test('no PDF where none is asked for, and none with a refund notice', async () => {
  assert.equal(attachments(await mailOf({}, {})).size, 0)
  assert.equal(attachments(await mailOf({ kind: 'refund_notice' }, { isPdf: true })).size, 0)
})

test('a number cannot name the file otherwise than a file is named', async () => {
  const mail = await mailOf({ order: orderOf({ number: '../a"b\r\nc' }) }, { isPdf: true })
  assert.match(mail, /filename=receipt-\.\.abc\.pdf/)
})

test("the shop's logo and address are in the mail itself", async (t) => {
  const logo = join(folderOf(t), 'logo.png')
  writeFileSync(logo, png)
  const look = lookOf({ shop: { name: 'A <b> shop', address: ['1 Main St'], logo } })
  const mail = await mailOf({}, { look, isPdf: true })
  assert.match(mail, /Content-Id: <logo>/i)
  assert.match(mail, /A &lt;b&gt; shop/)
  assert.ok(
    !/https?:/.test(mail.replaceAll(/[A-Za-z0-9+/=\r\n]{200,}/g, '')),
    'something is fetched when it is read',
  )
  assert.ok(attachments(mail).has('receipt-1001.pdf'))
  writeFileSync(logo, 'no image')
  assert.throws(() => lookOf({ shop: { name: 'A', address: [], logo } }), /neither PNG nor JPEG/)
})

test('amounts are written as the buyer writes them, else as the shop does', async () => {
  const look = lookOf({ locale: 'de-DE' })
  assert.equal(localeFor('fr_FR', look), 'fr-FR')
  for (const told of [undefined, '', 'nonsense!', 'xx-invalid-123456789'])
    assert.equal(localeFor(told, look), 'de-DE', told)
  const mail = await mailOf(
    {
      customer: { email: 'a@example.com', locale: 'ja-JP' },
      body: { amount_minor: '5000', currency: 'JPY' },
    },
    { look },
  )
  assert.match(Buffer.from(mail).toString('utf8'), /=EF=BF=A55,000|5,000/)
})

test('what is read from right to left stands as it is read, and figures and brackets in it keep their way', async () => {
  const line = (text: string) => inReadingOrder(text).join('')
  assert.equal(line('Tee, blue'), 'Tee, blue')
  assert.equal(line('2 × قميص أزرق Tee'), '2 × أزرق قميص Tee')
  assert.equal(line('שלום עולם'), 'עולם שלום')
  assert.deepEqual(inReadingOrder('כובע2024'), ['2024', 'כובע'])
  assert.deepEqual(inReadingOrder('XLכובע'), ['XL', 'כובע'])
  assert.deepEqual(inReadingOrder('كوب (صغير)'), [
    '(صغير)'.replaceAll(/[()]/g, (c) => (c === '(' ? ')' : '(')),
    ' ',
    'كوب',
  ])
  assert.deepEqual(inReadingOrder('٢٠٢٦'), ['٦٢٠٢'], 'turned, because the writer of the PDF turns it again')
  const mail = await mailOf({ order: orderOf({ lineItems }) }, { isPdf: true })
  const pieces = textOf(attachments(mail).get('receipt-1001.pdf')!)
  const turned = (word: string) => [...word].reverse().join('')
  const at = pieces.indexOf(turned('أزرق'))
  assert.ok(at > 0 && pieces[at + 1] === turned('قميص'), pieces.join(' | '))
})

test('amounts read from left to right whatever the language, with the figures that everybody knows', () => {
  assert.equal(printAmount(5497n, 'KWD', 'ar-KW'), '5.497 KWD')
  assert.equal(printAmount(5497n, 'KWD', 'he-IL'), '5.497 KWD')
  assert.equal(printAmount(5497n, 'JPY', 'ja-JP'), '¥5,497')
  assert.equal(printAmount(-500n, 'PLN', 'pl-PL'), '-5,00 zł')
  const at = new Date('2026-11-25T10:00:00Z')
  const days = ['pl-PL', 'ja-JP', 'ar-KW', 'th-TH'].map((locale) => printDay(at, locale))
  assert.deepEqual(days, ['25 listopada 2026', '2026-11-25', '2026-11-25', '2026-11-25'])
})

test('a receipt adds up: list prices, discounts, shipping and each tax make the total', async () => {
  const [line] = orderOf().lineItems
  const order = orderOf({
    lineItems: [line!],
    parts: [
      { kind: 'goods', lineId: '1', amountMinor: 3498n, discountMinor: 500n },
      { kind: 'shipping', amountMinor: 500n, discountMinor: 0n },
      { kind: 'tax', amountMinor: 400n, discountMinor: 0n, jurisdiction: 'State' },
      { kind: 'tax', amountMinor: 100n, discountMinor: 0n, jurisdiction: 'City' },
    ],
  })
  const notice = noticeOf(itemOf({ order }), order)!
  const rows = [
    ...notice.lines.map((one) => one.amount),
    ...notice.sums.map((sum) => `${sum.label} ${sum.amount}`),
  ]
  const sums = ['Discounts -$5.00', 'Shipping $5.00', 'Tax (State) $4.00', 'Tax (City) $1.00']
  assert.deepEqual(rows, ['$39.98', ...sums, 'Order total $44.98', 'Paid $44.98'])
})

test('a PDF whose letters the font does not have says where they can be read', async () => {
  const pieces = async (title: string) => {
    const mail = await mailOf(
      { order: orderOf({ lineItems: [{ ...lineItems[0]!, title }] }) },
      { isPdf: true },
    )
    return textOf(attachments(mail).get('receipt-1001.pdf')!).join(' ')
  }
  assert.match(await pieces('東京 T'), /can be read in the mail/)
  assert.doesNotMatch(await pieces('Łódź Кружка قميص'), /can be read in the mail/)
})
