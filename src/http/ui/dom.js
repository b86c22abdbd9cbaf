// What every view is made of. Everything that came from outside is set as text, never as markup.

/** The key lives as long as the tab; it is sent as a header, so no other site can use it. */
export const keyName = 'ordersync.key'

export function element(name, options = {}, ...children) {
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

export async function ask(path) {
  const response = await fetch(`/api/v1${path}`, {
    headers: { authorization: `Bearer ${sessionStorage.getItem(keyName) ?? ''}` },
  })
  const body = await response.json()
  if (response.ok) return body
  if (response.status === 401) sessionStorage.removeItem(keyName)
  throw Object.assign(new Error(body.detail ?? body.title), { status: response.status })
}

export const money = (value) =>
  value === null || value === undefined ? '–' : `${value.amount} ${value.currency}`
export const time = (value) =>
  value === null
    ? '–'
    : new Date(value).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
export const words = (code) => code.replaceAll('_', ' ')

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
  lost: 'bad',
  voided: 'quiet',
  refunded: 'quiet',
  cancelled: 'quiet',
}

export function badge(code, tone = tones[code] ?? '') {
  return element('span', { class: `badge ${tone}` }, screenWords[code] ?? words(code))
}

export function tableHead(...names) {
  return element(
    'thead',
    {},
    element('tr', {}, ...names.map((name) => element('th', { scope: 'col' }, name))),
  )
}
