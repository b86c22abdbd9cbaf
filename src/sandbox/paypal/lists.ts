import { type PaypalAnswer, type PaypalRequest, type PaypalTwinParts, problem } from './parts.ts'
import type { Resource } from './shapes.ts'

const day = 86_400_000

/** What the account's lists answer; undefined where there is none of that name. */
export function lists(
  { world, faults }: PaypalTwinParts,
  { path, query }: PaypalRequest,
): PaypalAnswer | undefined {
  const isSeen = (at: unknown) => Date.parse(String(at)) <= world.now().getTime() - faults.lagMs
  switch (path) {
    case '/v1/notifications/webhooks':
      return { status: 200, body: { webhooks: [...world.things.webhook.values()] } }
    case '/v1/notifications/webhooks-events': {
      const [from, to] = [query.get('start_time') ?? '', query.get('end_time') ?? '9999']
      const all = world.events.filter(
        ({ create_time: at, id }) => at >= from && at <= to && isSeen(at) && !faults.omitted.has(id),
      )
      return paged(path, query, all.toReversed(), 'events')
    }
    case '/v1/customer/disputes': {
      const about = query.get('disputed_transaction_id')
      const after = query.get('update_time_after') ?? ''
      const all = [...world.things.dispute.values()]
        .filter((one) => one.update_time >= after && isSeen(one.update_time))
        .filter((one) => about === null || one.disputed_transactions[0].seller_transaction_id === about)
        .map(({ disputed_transactions: _left, ...summary }) => summary)
      return paged(path, query, all, 'items')
    }
    case '/v1/reporting/transactions':
      return transactions(
        world.rows.filter(({ transaction_info: row }) => !faults.omitted.has(String(row.transaction_id))),
        query,
        world.now().getTime() - faults.lagMs,
      )
    default:
      return undefined
  }
}

function paged(path: string, query: URLSearchParams, all: readonly unknown[], key: string): PaypalAnswer {
  const size = Number(query.get('page_size') ?? 10)
  const from = Number(query.get('next_page_token') ?? 0)
  const next = new URLSearchParams(query)
  next.set('next_page_token', String(from + size))
  const links =
    from + size < all.length
      ? [{ href: `https://api.sandbox.paypal.com${path}?${next}`, rel: 'next', method: 'GET' }]
      : []
  return { status: 200, body: { [key]: all.slice(from, from + size), links } }
}

function transactions(
  rows: readonly { transaction_info: Resource }[],
  query: URLSearchParams,
  refreshedAt: number,
): PaypalAnswer {
  const [from, to] = [Date.parse(query.get('start_date') ?? ''), Date.parse(query.get('end_date') ?? '')]
  if (!(to > from)) return problem(400, 'INVALID_REQUEST', 'INVALID_DATE')
  if (to - from > 31 * day) return problem(400, 'INVALID_REQUEST', 'DATE_RANGE_GREATER_THAN_31_DAYS')
  const timeOf = (row: { transaction_info: Resource }) =>
    Date.parse(row.transaction_info.transaction_updated_date.replace('+0000', 'Z'))
  const all = rows.filter((row) => timeOf(row) >= from && timeOf(row) <= to && timeOf(row) <= refreshedAt)
  const size = Number(query.get('page_size') ?? 100)
  const page = Number(query.get('page') ?? 1)
  const body = {
    transaction_details: all.slice((page - 1) * size, page * size),
    account_number: 'QNAJNR26HQJTS',
    last_refreshed_datetime: new Date(refreshedAt).toISOString(),
    page,
    total_items: all.length,
    total_pages: Math.max(1, Math.ceil(all.length / size)),
    links: [],
  }
  return { status: 200, body }
}
