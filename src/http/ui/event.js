import { ask, badge, element, time, words } from './dom.js'

/** One event: what it was, what became of it and why, and the orders that it told something of. */
export async function eventView(id) {
  const event = await ask(`/events/${encodeURIComponent(id)}`)
  const facts = [
    ['Connection', event.connection],
    ['Id at the provider', event.provider_event_id],
    ['Learned by', event.source],
    ['Happened', time(event.occurred_at)],
    ['Received', time(event.received_at)],
    ['Attempts', String(event.attempts)],
  ]
  return [
    element('p', {}, element('a', { href: '#/' }, '← Orders')),
    element('div', { class: 'bar' }, element('h1', {}, event.type), element('p', {}, badge(event.status))),
    event.status_reason === null
      ? ''
      : element(
          'p',
          { class: 'notice' },
          event.review_code === null ? '' : element('strong', {}, `Needs you: ${words(event.review_code)}. `),
          event.status_reason,
        ),
    element(
      'dl',
      { class: 'card' },
      ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
    ),
    ...event.order_ids.map((order) =>
      element('p', {}, element('a', { href: `#/orders/${encodeURIComponent(order)}` }, 'Open its order')),
    ),
  ]
}
