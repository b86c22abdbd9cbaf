import { ask, badge, element, money, time, words } from './dom.js'

/** One order with its money, goods, references and history. */
export async function orderView(id) {
  const path = `/orders/${encodeURIComponent(id)}`
  const [order, history] = await Promise.all([ask(path), ask(`${path}/history?limit=200`)])
  return [
    element('p', {}, element('a', { href: '#/' }, '← Orders')),
    element(
      'div',
      { class: 'bar' },
      element('h1', {}, order.number ?? order.id),
      element('p', {}, badge(order.payment_status), badge(order.fulfillment_status), badge(order.status)),
    ),
    ...order.needs_review.map((review) =>
      element(
        'p',
        { class: 'notice' },
        element('strong', {}, `Needs you: ${words(review.code)}. `),
        review.detail,
      ),
    ),
    element('div', { class: 'columns' }, totalsCard(order), linesCard(order), referencesCard(order)),
    element('h2', {}, 'History'),
    element('ol', { class: 'history' }, ...history.data.map(historyRow)),
    history.next_cursor === null
      ? ''
      : element('p', { class: 'quiet-text' }, 'There is more; the API has all of it.'),
  ]
}

function totalsCard({ totals }) {
  const rows = Object.entries(totals).map(([name, value]) =>
    element(
      'tr',
      { class: name === 'net' ? 'sum' : undefined },
      element('th', { scope: 'row' }, words(name)),
      element('td', { class: 'amount' }, money(value)),
    ),
  )
  return element(
    'section',
    { class: 'card' },
    element('h2', {}, 'Money'),
    element('table', {}, element('tbody', {}, ...rows)),
  )
}

function linesCard({ line_items: lines, customer }) {
  return element(
    'section',
    { class: 'card' },
    element('h2', {}, 'Goods'),
    lines.length === 0
      ? element('p', { class: 'quiet-text' }, 'Not known yet')
      : element(
          'ul',
          {},
          ...lines.map((line) =>
            element(
              'li',
              {},
              `${line.quantity} × ${line.title ?? line.sku ?? 'unnamed'}`,
              line.unit_price === null ? '' : ` at ${money(line.unit_price)}`,
            ),
          ),
        ),
    element('h2', {}, 'Customer'),
    element(
      'p',
      {},
      customer === null ? 'Not known' : [customer.name, customer.email].filter(Boolean).join(', '),
    ),
  )
}

function referencesCard({ references, connection, mode, id }) {
  return element(
    'section',
    { class: 'card' },
    element('h2', {}, 'References'),
    element(
      'ul',
      {},
      ...references.map((reference) =>
        element('li', {}, `${words(reference.kind)} `, element('code', {}, reference.id)),
      ),
    ),
    element('p', { class: 'quiet-text' }, `${connection}, ${mode} · `, element('code', {}, id)),
  )
}

function historyRow(row) {
  const changes = Object.keys(row.after)
    .filter((name) => name !== 'version')
    .map((name) =>
      element(
        'li',
        {},
        `${words(name)}: `,
        element('span', { class: 'was' }, plain(row.before[name])),
        ' → ',
        plain(row.after[name]),
      ),
    )
  return element(
    'li',
    { class: row.kind },
    element('p', {}, element('strong', {}, row.summary)),
    element(
      'p',
      { class: 'quiet-text' },
      `${time(row.at)} · ${row.source}, known ${time(row.recorded_at)}${row.deliveries > 1 ? ` · delivered ${row.deliveries} times` : ''}`,
    ),
    changes.length === 0
      ? undefined
      : element('details', {}, element('summary', {}, 'What changed'), element('ul', {}, ...changes)),
  )
}

function plain(value) {
  if (value === null || value === undefined) return '–'
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(plain).join('; ')
  if ('amount' in value && 'currency' in value && Object.keys(value).length === 2) return money(value)
  return Object.entries(value)
    .filter(([, part]) => part !== null)
    .map(([name, part]) => `${words(name)} ${plain(part)}`)
    .join(', ')
}
