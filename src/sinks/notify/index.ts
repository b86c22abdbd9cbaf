import type { Performed, Sink } from '../sink.ts'
import { type Answer, post, type TargetSettings } from '../target.ts'
import { messageOf } from './message.ts'

export type NotifySettings = {
  readonly slackWebhookUrl: string
  readonly publicUrl: string | undefined
  readonly target: TargetSettings
}

/** Messages to a Slack channel by its incoming webhook. Slack keeps no ids: in doubt a message is not sent again. */
export function notifySink(settings: NotifySettings): Sink {
  return {
    name: 'notify',
    concurrency: 2,
    isRepeatable: false,
    keepsRequest: false,
    attemptsMax: 30, // 2 s doubling to an hour: about a day, after which nobody needs the news in a channel
    backoff: { baseMs: 2_000, capMs: 3_600_000 },
    prepare: (item) => ({
      kind: 'send',
      bytes: Buffer.from(JSON.stringify(messageOf(item, settings.publicUrl))),
    }),
    async call(attempt) {
      const answer = await post(
        {
          url: settings.slackWebhookUrl,
          headers: { 'content-type': 'application/json', 'user-agent': 'ordersync' },
          body: attempt.bytes,
          signal: attempt.signal,
          beforeSend: () => attempt.mayLeave(attempt.id),
          afterSend: attempt.sent,
        },
        settings.target,
      )
      return outcomeOf(answer)
    },
  }
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
