import type { Sink } from '../sink.ts'
import { type LookSettings, lookOf } from './look.ts'
import { messageIdOf, prepareMail, senderOf } from './message.ts'
import { sendOnce } from './smtp.ts'

export type ReceiptSettings = LookSettings & {
  readonly smtpUrl: string
  readonly from: string // as it stands in the header: "Shop <shop@shop.example>"
  readonly pdf?: boolean
}

/** Receipts and refund notices by mail. A mail server cannot be asked what it accepted: each goes once. */
export function receiptSink({ smtpUrl, from, pdf = false, ...settings }: ReceiptSettings): Sink {
  const style = { look: lookOf(settings), isPdf: pdf }
  const smtp = { url: smtpUrl, sender: senderOf(from), stepTimeoutMs: 10_000, replyTimeoutMs: 120_000 }
  return {
    name: 'receipt',
    concurrency: 4,
    isRepeatable: false,
    keepsRequest: false, // made anew from what is known when it goes; the fewer copies of an address, the better
    attemptsMax: 60, // 2 s doubling to an hour: a mail server may be down for two days
    backoff: { baseMs: 2_000, capMs: 3_600_000 },
    prepare: (item) => prepareMail(item, from, style),
    call: (attempt) => sendOnce(attempt, messageIdOf(attempt.key, from), smtp),
  }
}
