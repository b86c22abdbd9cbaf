import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { printDay } from './amount.ts'
import type { Look } from './look.ts'
import type { Notice } from './notice.ts'
import { inReadingOrder, turnsAround } from './reading-order.ts'

/** The notice as one PDF, as the bytes of the file. Its font is in it: names from anywhere in Europe and beyond are legible. */
export async function pdfOf(notice: Notice, look: Look, at: Date): Promise<Buffer> {
  const { default: PDFDocument } = await import('pdfkit') // 11 MB, for those who attach a PDF
  const document = new PDFDocument({
    size: 'A4',
    margin: 56,
    info: { Title: notice.subject, CreationDate: at, Producer: 'ordersync', Creator: 'ordersync' },
    lang: look.locale,
    font: '', // otherwise one of its own is begun, which knows Latin-1 alone
  })
  const chunks: Buffer[] = []
  document.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise<void>((resolve, reject) => {
    document.on('end', resolve)
    document.on('error', reject)
  })
  document.font(font())
  head(document, look)
  document.fontSize(16)
  say(document, notice.subject)
  document.moveDown().fontSize(10)
  say(document, printDay(at, look.locale))
  document.moveDown()
  say(document, notice.greeting)
  document.moveDown(0.5)
  say(document, notice.opening)
  document.moveDown()
  for (const line of notice.lines) row(document, `${line.quantity} × ${line.title}`, line.amount ?? '')
  document.moveDown(0.5)
  for (const sum of notice.sums) row(document, sum.label, sum.amount)
  document.moveDown()
  say(document, notice.closing)
  if (notDrawn.test(JSON.stringify([notice, look.shop?.name, look.shop?.address]))) {
    document.moveDown()
    say(document, 'Letters that are boxes here can be read in the mail.')
  }
  document.end()
  await ended
  return Buffer.concat(chunks)
}

// Scripts of which the font has no letters: it would take one of ten megabytes to have them.
const notDrawn =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}]/u

let face: Buffer | undefined

/** Read at the first PDF: three quarters of a megabyte that most shops never need. */
function font(): Buffer {
  face ??= readFileSync(fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')))
  return face
}

type Document = PDFKit.PDFDocument

function head(document: Document, { shop }: Look): void {
  if (shop === undefined) return
  const top = document.y
  if (shop.logo !== undefined) {
    document.image(shop.logo.bytes, document.page.margins.left, top, { fit: [160, 60] })
    document.y = top + 70
  }
  document.fontSize(12)
  say(document, shop.name)
  document.fontSize(9)
  for (const line of shop.address) say(document, line)
  document.moveDown(2)
}

const amountWidth = 130

/** Words on the left, an amount on the right, both from the same height; a long title takes as many lines as it needs. */
function row(document: Document, label: string, amount: string): void {
  const { left } = document.page.margins
  const width = widthOf(document) - amountWidth
  const height = document.heightOfString(label, { width })
  makeRoom(document, height)
  const top = document.y
  document.text(amount, left + width, top, { width: amountWidth, align: 'right' })
  document.y = top
  say(document, label, width)
  document.y = Math.max(document.y, top + height) + 4
}

function widthOf({ page }: Document): number {
  return page.width - page.margins.left - page.margins.right
}

function makeRoom(document: Document, height: number): void {
  if (document.y + height > document.page.height - document.page.margins.bottom) document.addPage()
}

/** A paragraph from the left margin; lines with words from right to left are broken and put in order here. */
function say(document: Document, text: string, width = widthOf(document)): void {
  const { left } = document.page.margins
  if (!turnsAround(text)) {
    document.text(text, left, document.y, { width })
    return
  }
  const space = document.widthOfString(' ')
  const height = document.heightOfString('x')
  for (const line of brokenAt(width, text, (word) => document.widthOfString(word) + space)) {
    makeRoom(document, height)
    const top = document.y
    let x = left
    for (const piece of inReadingOrder(line)) {
      if (piece.trim() !== '') document.text(piece, x, top, { lineBreak: false })
      x += document.widthOfString(piece)
    }
    document.y = top + height
  }
}

/** Lines of as many words as fit; a word that is wider than a line has one of its own. */
function brokenAt(width: number, text: string, widthOfWord: (word: string) => number): string[] {
  const lines: string[][] = [[]]
  let used = 0
  for (const word of text.split(' ')) {
    const wide = widthOfWord(word)
    if (used > 0 && used + wide > width) {
      lines.push([])
      used = 0
    }
    lines.at(-1)!.push(word)
    used += wide
  }
  return lines.map((words) => words.join(' '))
}
