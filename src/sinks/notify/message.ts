import type { Item } from '../sink.ts'

const titles = new Map([
  ['needs_review', 'An order needs you'],
  ['review', 'An order needs you'],
  ['dead_letter', 'An event could not be processed'],
  ['drift', 'We and the provider disagree'],
  ['dispute', 'A payment is disputed'],
])

/**
 * One message as Slack's incoming webhooks take it. It names codes, figures and ids, never a person: a channel is read
 * by more people than a shop's orders are.
 */
export function messageOf(item: Item, publicUrl: string | undefined): { text: string; blocks: unknown[] } {
  const title = titles.get(item.kind) ?? titles.get(word(item.body.rule) ?? '') ?? 'Something needs you'
  const number = item.order?.number ?? word(item.body.number)
  const facts = [
    ['Code', word(item.body.code)],
    ['Order', number],
    ['Connection', item.connection],
    ['Resource', word(item.body.resource)],
    ['Answer by', word(item.body.due_at)],
  ].flatMap(([label, value]) => (value === undefined ? [] : [`*${label}:* ${escaped(value)}`]))
  const detail = word(item.body.detail)
  const link = publicUrl === undefined ? undefined : linkOf(item, publicUrl)
  const lines = [
    `*${title}*`,
    ...(detail === undefined ? [] : [escaped(detail)]),
    facts.join('  ·  '),
    ...(link === undefined ? [] : [link]),
  ]
  return {
    text: [title, number, word(item.body.code)]
      .filter((part) => part !== undefined)
      .map(escaped)
      .join(' · '),
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: lines.join('\n').slice(0, 2_900) } }],
  }
}

function linkOf(item: Item, publicUrl: string): string | undefined {
  const base = publicUrl.replace(/\/+$/, '')
  const event = word(item.body.event_id)
  if (item.orderId !== undefined)
    return `<${base}/admin/orders/${encodeURIComponent(item.orderId)}|Open the order>`
  if (event !== undefined) return `<${base}/admin/events/${encodeURIComponent(event)}|Open the event>`
  return undefined
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 500) : undefined
}

/** The three characters that mean something in Slack's text. @see https://api.slack.com/reference/surfaces/formatting */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
