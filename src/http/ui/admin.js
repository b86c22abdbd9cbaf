// The admin page: sign in with a key, see orders, see one order with its history. Everything that came from outside is
// set as text, never as markup.

const view = document.getElementById('view')
const leave = document.getElementById('leave')

/** The key lives as long as the tab; it is sent as a header, so no other site can use it. */
const keyName = 'ordersync.key'

function element(name, options = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(options)) {
    if (key === 'on')
      for (const [event, handler] of Object.entries(value)) made.addEventListener(event, handler)
    else if (key === 'class') made.className = value
    else if (value !== undefined) made.setAttribute(key, value)
  }
  made.append(...children.filter((child) => child !== undefined && child !== null))
  return made
}

async function ask(path) {
  const response = await fetch(`/api/v1${path}`, {
    headers: { authorization: `Bearer ${sessionStorage.getItem(keyName) ?? ''}` },
  })
  const body = await response.json()
  if (response.ok) return body
  if (response.status === 401) sessionStorage.removeItem(keyName)
  throw Object.assign(new Error(body.detail ?? body.title), { status: response.status })
}

const money = (value) => (value === null || value === undefined ? '–' : `${value.amount} ${value.currency}`)
const time = (value) =>
  value === null
    ? '–'
    : new Date(value).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const words = (code) => code.replaceAll('_', ' ')

const screenWords = {
  pending: 'Awaiting payment',
  authorized: 'Authorised',
  partially_paid: 'Part paid',
  paid: 'Paid',
  partially_refunded: 'Part refunded',
  refunded: 'Refunded',
  voided: 'Released, nothing taken',
  failed: 'Payment failed',
  requested: 'Sent to warehouse',
}
const tones = {
  paid: 'good',
  fulfilled: 'good',
  closed: 'good',
  won: 'good',
  done: 'good',
  pending: 'waiting',
  authorized: 'waiting',
  requested: 'waiting',
  partially_paid: 'waiting',
  partially_refunded: 'waiting',
  failed: 'bad',
  open_dispute: 'bad',
  lost: 'bad',
  voided: 'quiet',
  refunded: 'quiet',
  cancelled: 'quiet',
}

function badge(code) {
  return element('span', { class: `badge ${tones[code] ?? ''}` }, screenWords[code] ?? words(code))
}

function show(...children) {
  view.replaceChildren(...children)
  leave.hidden = sessionStorage.getItem(keyName) === null
}

// ── sign in

function showSignIn(message) {
  const key = element('input', {
    type: 'password',
    name: 'key',
    autocomplete: 'off',
    required: '',
    'aria-label': 'API key',
    placeholder: 'API key',
  })
  const form = element(
    'form',
    {
      class: 'card sign-in',
      on: {
        submit: (event) => {
          event.preventDefault()
          sessionStorage.setItem(keyName, key.value.trim())
          go()
        },
      },
    },
    element('h1', {}, 'Sign in'),
    element(
      'p',
      {},
      'With an API key. The first one was printed at the first start, and is kept in the data directory.',
    ),
    key,
    element('button', { type: 'submit' }, 'Sign in'),
    message === undefined ? undefined : element('p', { class: 'notice', role: 'alert' }, message),
  )
  show(form)
  key.focus()
}

// ── orders

async function showOrders(query, cursor) {
  const parameters = new URLSearchParams({
    limit: '50',
    ...(query ? { q: query } : {}),
    ...(cursor ? { cursor } : {}),
  })
  const [page, status] = await Promise.all([ask(`/orders?${parameters}`), ask('/status')])
  const search = element('input', {
    type: 'search',
    'aria-label': 'Find an order',
    placeholder: 'Number, reference or e-mail',
    value: query,
  })
  const form = element(
    'form',
    {
      class: 'search',
      on: {
        submit: (event) => {
          event.preventDefault()
          location.hash = `#/?q=${encodeURIComponent(search.value.trim())}`
        },
      },
    },
    search,
    element('button', { type: 'submit' }, 'Find'),
  )
  const rows = page.data.map((order) =>
    element(
      'tr',
      {},
      element(
        'td',
        {},
        element('a', { href: `#/orders/${encodeURIComponent(order.id)}` }, order.number ?? order.id),
      ),
      element(
        'td',
        {},
        badge(order.payment_status),
        order.dispute_status === 'none' ? undefined : badge(order.dispute_status),
      ),
      element('td', {}, badge(order.fulfillment_status)),
      element('td', { class: 'amount' }, money(order.totals.ordered)),
      element(
        'td',
        {},
        order.needs_review.length > 0
          ? element(
              'span',
              { class: 'badge bad' },
              `Needs you: ${order.needs_review.map(({ code }) => words(code)).join(', ')}`,
            )
          : '',
      ),
      element('td', {}, time(order.placed_at)),
    ),
  )
  show(
    element('div', { class: 'bar' }, element('h1', {}, 'Orders'), form),
    element('p', { class: 'quiet-text' }, statusLine(status)),
    rows.length === 0
      ? element(
          'p',
          { class: 'card' },
          query ? 'No order goes by that.' : 'No orders yet. They appear here with the first webhook.',
        )
      : element(
          'table',
          { class: 'card' },
          tableHead('Order', 'Payment', 'Goods', 'Total', '', 'Placed'),
          element('tbody', {}, ...rows),
        ),
    page.next_cursor === null
      ? ''
      : element(
          'a',
          {
            class: 'more',
            href: `#/?${new URLSearchParams({ ...(query ? { q: query } : {}), cursor: page.next_cursor })}`,
          },
          'Older orders',
        ),
  )
}

function statusLine(status) {
  const open = [
    [status.orders.needs_review, 'need you'],
    [status.events.failed + status.effects.failed, 'failed for good'],
    [status.effects.unknown, 'in doubt'],
  ].filter(([count]) => count > 0)
  return `${status.idle ? 'Everything is done.' : 'Working …'} ${open.map(([count, what]) => `${count} ${what}`).join(' · ')}`
}

function tableHead(...names) {
  return element(
    'thead',
    {},
    element('tr', {}, ...names.map((name) => element('th', { scope: 'col' }, name))),
  )
}

// ── one order

async function showOrder(id) {
  const path = `/orders/${encodeURIComponent(id)}`
  const [order, history] = await Promise.all([ask(path), ask(`${path}/history?limit=200`)])
  show(
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
  )
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

// ── where we are

async function go() {
  if (sessionStorage.getItem(keyName) === null) return showSignIn()
  const [path, query = ''] = location.hash.slice(1).split('?')
  const parameters = new URLSearchParams(query)
  try {
    const order = /^\/orders\/(.+)$/.exec(path)
    if (order) await showOrder(decodeURIComponent(order[1]))
    else await showOrders(parameters.get('q') ?? '', parameters.get('cursor') ?? '')
  } catch (error) {
    if (error.status === 401) showSignIn('That key is not valid.')
    else show(element('p', { class: 'notice', role: 'alert' }, error.message))
  }
}

leave.addEventListener('click', () => {
  sessionStorage.removeItem(keyName)
  go()
})
addEventListener('hashchange', go)
go()
