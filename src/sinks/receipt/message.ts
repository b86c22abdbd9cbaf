import { hash } from 'node:crypto'
import addressparser from 'nodemailer/lib/addressparser'
import MailComposer from 'nodemailer/lib/mail-composer'
import type { Item, Prepared } from '../sink.ts'
import { type Notice, noticeOf } from './notice.ts'
import { type Look, localeFor, lookOf } from './look.ts'
import { pdfOf } from './pdf.ts'
import { htmlOf, textOf } from './text.ts'

/**
 * The mail as the bytes that go over the wire, or why there is none. Every header value passes the composer, which
 * encodes it and drops line breaks: a buyer's name cannot add a header.
 */
export async function prepareMail(
  item: Item,
  from: string,
  { look = plain, isPdf = false }: { look?: Look; isPdf?: boolean } = {},
): Promise<Prepared> {
  if (item.order === undefined) return { kind: 'failed', reason: 'its order is not known' }
  const address = item.customer?.email?.trim()
  if (address === undefined || address === '') return { kind: 'cancelled', reason: 'no_address' }
  if (!isAddress(address)) return { kind: 'failed', reason: 'the address cannot be used' }
  const locale = localeFor(item.customer?.locale, look)
  const notice = noticeOf(item, item.order, locale)
  if (notice === undefined) return { kind: 'failed', reason: 'it names no amount' }
  const composer = new MailComposer({
    from,
    to: { name: item.customer?.name ?? '', address },
    subject: notice.subject,
    text: textOf(notice, look),
    html: htmlOf(notice, look),
    attachments: [...(await pdfIn(notice, { ...look, locale }, item, isPdf)), ...logoIn(look)],
    messageId: messageIdOf(item.key, from),
    date: new Date(item.now),
    headers: { 'X-Ordersync-Kind': kindOf(notice), 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return { kind: 'send', bytes: await composer.compile().build(), to: [address] }
}

const plain = lookOf()

/** A refund notice has nothing that the mail itself does not say. */
async function pdfIn(notice: Notice, look: Look, item: Item, isWanted: boolean) {
  if (!isWanted || notice.isRefund) return []
  const name = item.order?.number?.replaceAll(/[^\w.-]/g, '') ?? ''
  const filename = name === '' ? 'receipt.pdf' : `receipt-${name}.pdf`
  return [
    { filename, content: await pdfOf(notice, look, new Date(item.now)), contentType: 'application/pdf' },
  ]
}

/** In the mail itself: nothing is fetched when it is read. */
function logoIn({ shop }: Look) {
  if (shop?.logo === undefined) return []
  const { bytes, type } = shop.logo
  const inline = { cid: 'logo', contentDisposition: 'inline' as const }
  return [{ filename: `logo.${type}`, content: bytes, contentType: `image/${type}`, ...inline }]
}

function kindOf(notice: Notice): string {
  return notice.isRefund ? 'refund' : 'receipt'
}

/** Stable for the effect, whatever attempt this is: a receiver that gets it twice can know it. */
export function messageIdOf(key: string, from: string): string {
  const domain = senderOf(from).split('@')[1] ?? 'localhost'
  return `<${hash('sha256', key).slice(0, 40)}@${domain}>`
}

/** The bare address of the configured sender, for the envelope. */
export function senderOf(from: string): string {
  return addressparser(from, { flatten: true })[0]?.address ?? from
}

// Deliberately loose: the server decides what exists. What could end the SMTP command or the header early is out.
const addressShape = /^[^\s<>()[\],;:\\"@]{1,64}@[^\s<>()[\],;:\\"@]{1,255}$/

function isAddress(address: string): boolean {
  return addressShape.test(address)
}
