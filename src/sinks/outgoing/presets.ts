import type { OrderView } from '../../core/order-view.ts'

/** An announcement as docs/schemas/outgoing-v1.json has it. */
export type Announcement = {
  readonly type: string
  readonly timestamp: string
  readonly data: {
    readonly order_id?: string
    readonly number?: string | null
    readonly order?: OrderView
    readonly [name: string]: unknown
  }
}

export type PresetName = 'zapier' | 'mailchimp' | 'jira'

/** How one app wants to be told instead. */
type Preset = {
  /** Undefined where the app has no use for it. */
  readonly body: (said: Announcement, settings: PresetSettings) => object | undefined
  /** False where each request makes something new: in doubt it is not sent again. */
  readonly isRepeatable: boolean
}

export type PresetSettings = { readonly project?: string | undefined }

export const presets: { readonly [K in PresetName]: Preset } = {
  zapier: { body: flat, isRepeatable: true },
  mailchimp: { body: member, isRepeatable: true },
  jira: { body: issue, isRepeatable: false },
}

/**
 * One level of fields, which a catch hook offers by name without a step that parses.
 *
 * @see https://help.zapier.com/hc/en-us/articles/8496288690317 (checked 2026-11)
 */
function flat({ type, timestamp, data }: Announcement): object {
  const { order, order_id: orderId, number, ...about } = data
  const details = Object.entries(about).flatMap(([name, value]) =>
    value !== null && typeof value === 'object'
      ? Object.entries(value).map(([key, inner]) => [`${name}_${key}`, plain(inner)])
      : [[name, plain(value)]],
  )
  return {
    event: type,
    timestamp,
    ...(orderId === undefined ? {} : { order_id: orderId, number: number ?? null }),
    ...(order === undefined ? {} : flatOrder(order)),
    ...Object.fromEntries(details),
  }
}

function flatOrder(order: OrderView): object {
  return {
    email: order.customer?.email ?? null,
    name: order.customer?.name ?? null,
    status: order.status,
    payment_status: order.payment_status,
    fulfillment_status: order.fulfillment_status,
    currency: order.currency,
    total: order.totals.ordered?.amount ?? null,
    captured: order.totals.captured?.amount ?? null,
    refunded: order.totals.refunded?.amount ?? null,
    items: order.line_items
      .map(({ quantity, title, sku }) => `${quantity} × ${title ?? sku ?? 'item'}`)
      .join(', '),
  }
}

/** Money as its decimal text; what else is nested stays away. */
function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  return (value as { amount?: string }).amount ?? null
}

/**
 * The buyer as a member of an audience, for `POST /3.0/lists/{list_id}`. A sale is no consent to marketing: who is new is
 * added as a transactional contact, and whoever is a member stays as they are.
 *
 * @see https://mailchimp.com/developer/marketing/api/lists/batch-subscribe-or-unsubscribe/ (checked 2026-11)
 */
function member({ type, data: { order } }: Announcement): object | undefined {
  const email = order?.customer?.email
  if (email === undefined || email === null || email === '') return undefined
  const [first = '', ...rest] = (order?.customer?.name ?? '').split(' ')
  const names = { FNAME: first, LNAME: rest.join(' ') }
  return {
    members: [{ email_address: email, status: 'transactional', merge_fields: names, tags: [type] }],
    update_existing: false,
  }
}

/**
 * A task for whoever looks after orders, for `POST /rest/api/3/issue`; its text is a document of one paragraph.
 *
 * @see https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/ (checked 2026-11)
 */
function issue({ type, timestamp, data }: Announcement, { project = '' }: PresetSettings): object {
  const order = data.number === undefined || data.number === null ? '' : `: order ${data.number}`
  const details = JSON.stringify(
    Object.fromEntries(Object.entries(data).filter(([name]) => name !== 'order')),
  )
  return {
    fields: {
      project: { key: project },
      issuetype: { name: 'Task' },
      summary: `${type}${order}`,
      labels: ['ordersync', type.replaceAll('.', '-')],
      description: {
        type: 'doc',
        version: 1,
        content: [
          { type: 'paragraph', content: [{ type: 'text', text: `${type} at ${timestamp}: ${details}` }] },
        ],
      },
    },
  }
}
