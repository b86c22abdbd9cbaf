// The admin page: sign in with a key, see orders, see one order with its history.

import { ask, badge, element, keyName, money, tableHead, time, words } from './dom.js'
import { eventView } from './event.js'
import { orderView } from './order.js'

const view = document.getElementById('view')
const leave = document.getElementById('leave')

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
        order.dispute_status === 'none'
          ? undefined
          : badge(order.dispute_status, order.dispute_status === 'won' ? 'good' : 'bad'),
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

// ── where we are

async function go() {
  if (sessionStorage.getItem(keyName) === null) return showSignIn()
  const [path, query = ''] = location.hash.slice(1).split('?')
  const parameters = new URLSearchParams(query)
  try {
    const order = /^\/orders\/(.+)$/.exec(path)
    const event = /^\/events\/(.+)$/.exec(path)
    if (order) show(...(await orderView(decodeURIComponent(order[1]))))
    else if (event) show(...(await eventView(decodeURIComponent(event[1]))))
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
