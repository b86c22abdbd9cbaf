import MailComposer from 'nodemailer/lib/mail-composer'
import { messageIdOf, senderOf } from '../receipt/message.ts'
import { sendOnce } from '../receipt/smtp.ts'
import type { Item, Prepared, Sink } from '../sink.ts'
import { type News, newsOf } from './news.ts'
import { Pace, togetherMax } from './pace.ts'

export type TeamMailSettings = {
  readonly smtpUrl: string
  readonly from: string // as it stands in the header
  readonly to: readonly string[]
  readonly publicUrl: string | undefined
}

/** The same news by mail. As with receipts, after the final dot silence is doubt and nothing is sent again. */
export function teamMailSink({ smtpUrl, from, to, publicUrl }: TeamMailSettings): Sink {
  const smtp = { url: smtpUrl, sender: senderOf(from), stepTimeoutMs: 10_000, replyTimeoutMs: 120_000 }
  const pace = new Pace()
  const prepare = async (items: readonly Item[]): Promise<Prepared> => {
    const news = newsOf(items, publicUrl)
    const [first] = items
    const composer = new MailComposer({
      from,
      to: [...to],
      subject: news.summary.slice(0, 200),
      text: textOf(news),
      messageId: messageIdOf(first!.key, from),
      date: new Date(first!.now),
      headers: { 'X-Ordersync-Kind': 'notice', 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    return { kind: 'send', bytes: await composer.compile().build(), to }
  }
  return {
    name: 'notify',
    keysFrom: 'notify_mail:',
    concurrency: 1,
    isRepeatable: false,
    keepsRequest: false,
    attemptsMax: 60, // as long as a receipt
    backoff: { baseMs: 2_000, capMs: 3_600_000 },
    prepare: (item) => prepare([item]),
    together: { max: togetherMax, waitMs: () => pace.waitMs, prepare },
    async call(attempt) {
      pace.said()
      return sendOnce(attempt, messageIdOf(attempt.key, from), smtp)
    },
  }
}

function textOf({ title, groups }: News): string {
  const paragraphs = groups.map(({ heading, lines, more }) =>
    [
      heading,
      ...lines.flatMap(({ text, link }) => [`  ${text}`, ...(link === undefined ? [] : [`    ${link}`])]),
      ...(more === 0 ? [] : [`  … and ${more} more`]),
    ].join('\n'),
  )
  return [title, ...paragraphs, ''].join('\n\n')
}
