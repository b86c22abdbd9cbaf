import type { Item } from '../sink.ts'

/** What the team is told, as plain text: each channel escapes and lays it out in its own way. */
export type News = {
  readonly title: string
  /** One line, for a notification's preview or a mail's subject. */
  readonly summary: string
  readonly groups: readonly NewsGroup[]
}
export type NewsGroup = {
  readonly heading: string
  readonly lines: readonly NewsLine[]
  /** How many more there are than are listed. */
  readonly more: number
}
export type NewsLine = { readonly text: string; readonly link: string | undefined }

const titles = new Map([
  ['needs_review', 'An order needs you'],
  ['review', 'An order needs you'],
  ['deadline', 'A deadline is near'],
  ['dead_letter', 'Something was given up'],
  ['drift', 'We and the provider disagree'],
  ['dispute', 'A payment is disputed'],
  ['endpoint_disabled', 'An endpoint was disabled'],
])

// A message is to be read in a channel: what does not fit is counted, and stands in the API.
const groupsMax = 12
const linesMax = 8

/**
 * Notices as one message, those of one kind together under their count. They name codes, figures and ids, never a person: a
 * channel is read by more people than a shop's orders are.
 */
export function newsOf(items: readonly Item[], publicUrl: string | undefined): News {
  const kinds = [...Map.groupBy(items, codeOf)]
  const kindsBySize = kinds.toSorted(([, a], [, b]) => b.length - a.length)
  const groups = kindsBySize.slice(0, groupsMax).map(([code, list]) => ({
    heading: list.length === 1 && items.length === 1 ? code : `${list.length} × ${code}`,
    lines: list.slice(0, linesMax).map((item) => lineOf(item, publicUrl)),
    more: Math.max(0, list.length - linesMax),
  }))
  const unlisted = kindsBySize.slice(groupsMax).reduce((sum, [, list]) => sum + list.length, 0)
  const rest = unlisted === 0 ? [] : [{ heading: 'and others', lines: [], more: unlisted }]
  const [first] = items
  const title = items.length === 1 ? titleOf(first!) : `${items.length} things need you`
  const number = items.length === 1 ? (first!.order?.number ?? word(first!.body.number)) : undefined
  const words = groups.slice(0, 3).map(({ heading }) => heading)
  return {
    title,
    summary: `${title}: ${[number, ...words].filter((part) => part !== undefined).join(', ')}`,
    groups: [...groups, ...rest],
  }
}

/** A reminder is news of its own beside the review that it is about. */
function codeOf(item: Item): string {
  const code = word(item.body.code) ?? titleOf(item)
  return item.kind === 'deadline' ? `${code}: deadline near` : code
}

function titleOf(item: Item): string {
  const rule = word(item.body.rule) ?? ''
  return titles.get(item.kind) ?? titles.get(rule) ?? 'Something needs you'
}

function lineOf(item: Item, publicUrl: string | undefined): NewsLine {
  const number = item.order?.number ?? word(item.body.number)
  const resource = word(item.body.resource)
  const dueAt = word(item.body.due_at)
  const parts = [
    number === undefined ? undefined : `order ${number}`,
    item.connection,
    resource,
    dueAt === undefined ? undefined : `answer by ${dueAt}`,
    word(item.body.detail),
  ]
  const text = parts.filter((part) => part !== undefined).join(' · ')
  return { text, link: publicUrl === undefined ? undefined : linkOf(item, publicUrl.replace(/\/+$/, '')) }
}

function linkOf(item: Item, base: string): string | undefined {
  const order = item.orderId ?? word(item.body.order_id)
  const event = word(item.body.event_id)
  if (order !== undefined) return `${base}/admin/orders/${encodeURIComponent(order)}`
  return event === undefined ? undefined : `${base}/admin/events/${encodeURIComponent(event)}`
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 500) : undefined
}
