import { IncomingWebhook, type IncomingWebhookSendArguments } from '@slack/webhook'
import type { Attempt, Performed, Sink } from '../sink.ts'
import { type Answer, post, type TargetSettings } from '../target.ts'
import { type News, type NewsGroup, newsOf } from './news.ts'
import { Pace, togetherMax } from './pace.ts'

export type SlackSettings = {
  readonly slackWebhookUrl: string
  readonly publicUrl: string | undefined
  readonly target: TargetSettings
}

/** Messages to a Slack channel by its incoming webhook. Slack keeps no ids: in doubt a message is not sent again. */
export function slackSink(settings: SlackSettings): Sink {
  const pace = new Pace()
  const prepare: NonNullable<Sink['together']>['prepare'] = (items) => ({
    kind: 'send',
    bytes: Buffer.from(JSON.stringify(messageOf(newsOf(items, settings.publicUrl)))),
  })
  return {
    name: 'notify',
    keysFrom: 'notify:',
    concurrency: 1,
    isRepeatable: false,
    keepsRequest: false,
    attemptsMax: 30, // 2 s doubling to an hour: about a day, after which nobody needs the news in a channel
    backoff: { baseMs: 2_000, capMs: 3_600_000 },
    prepare: (item) => prepare([item]),
    together: { max: togetherMax, waitMs: () => pace.waitMs, prepare },
    async call(attempt) {
      pace.said()
      return outcomeOf(await send(attempt, settings))
    },
  }
}

/** Slack's client with our own way to call: addresses checked, and the gate before the first byte. */
async function send(attempt: Attempt, { slackWebhookUrl, target }: SlackSettings): Promise<Answer> {
  let answer: Answer | undefined
  let objection: unknown
  const slack = new IncomingWebhook(slackWebhookUrl, {
    fetch: async (url, init) => {
      answer = await post(
        {
          url: String(url),
          headers: init?.headers ?? {},
          body: Buffer.from(String(init?.body)),
          signal: attempt.signal,
          beforeSend: () => attempt.mayLeave(attempt.id),
          afterSend: attempt.sent,
        },
        target,
      ).catch((error: unknown) => {
        objection = error
        throw error
      })
      if (answer.kind !== 'answered') throw new Error(answer.reason)
      const { body, status } = answer
      return new Response(status === 204 || status === 304 ? null : new Uint8Array(body), { status })
    },
  })
  const message = JSON.parse(Buffer.from(attempt.bytes).toString('utf8')) as IncomingWebhookSendArguments
  await slack.send(message).catch(() => {}) // what it makes an error of is told by the answer
  if (objection !== undefined) throw objection
  return answer ?? { kind: 'broken', reason: 'the message could not be made', hasLeft: false }
}

function outcomeOf(answer: Answer): Performed {
  if (answer.kind === 'refused') return { kind: 'failed', error: answer.reason }
  if (answer.kind === 'broken') {
    return answer.hasLeft
      ? { kind: 'unknown', error: answer.reason }
      : { kind: 'retry', error: answer.reason, isDown: true }
  }
  const { status } = answer
  if (status >= 200 && status < 300) return { kind: 'done' }
  if (status === 429)
    return { kind: 'retry', error: 'Slack answered 429', isDown: true, retryAfterMs: answer.retryAfterMs }
  // Any other answer below 500 is a refusal (no such hook, archived channel); above it the message may have been posted.
  return status < 500
    ? { kind: 'failed', error: `Slack answered ${status}` }
    : { kind: 'unknown', error: `Slack answered ${status}` }
}

/** As Slack's incoming webhooks take it: a section for each kind, in Slack's own markup. */
export function messageOf({ title, summary, groups }: News): IncomingWebhookSendArguments {
  const head = { type: 'section' as const, text: { type: 'mrkdwn' as const, text: `*${escaped(title)}*` } }
  const sections = groups.map((group) => ({
    type: 'section' as const,
    text: { type: 'mrkdwn' as const, text: sectionOf(group) },
  }))
  return { text: escaped(summary), blocks: [head, ...sections] }
}

// Of the 3,000 characters that Slack takes in one section; a link is never cut in two.
const sectionMax = 2_900

function sectionOf({ heading, lines, more }: NewsGroup): string {
  let text = `*${escaped(heading)}*`
  let left = more
  for (const { text: words, link } of lines) {
    const line = `\n• ${escaped(words)}${link === undefined ? '' : `  <${link}|Open>`}`
    if (text.length + line.length > sectionMax) left += 1
    else text += line
  }
  return left === 0 ? text : `${text}\n… and ${left} more`
}

/** The three characters that mean something in Slack's text. @see https://api.slack.com/reference/surfaces/formatting */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
