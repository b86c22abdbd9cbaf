/** Objects as their API prints them. Loose on purpose: the twin makes them, and nobody relies on their types. */
// biome-ignore lint/suspicious/noExplicitAny: made-up JSON
export type Resource = { [key: string]: any }
export type Amount = { readonly currency_code: string; readonly value: string }

const host = 'https://api.sandbox.paypal.com'

/** The links that every object carries: itself, and what it is a part of. */
export function linksOf(self: string, up?: string): { href: string; rel: string; method: string }[] {
  const link = (rel: string, path: string) => ({ href: `${host}${path}`, rel, method: 'GET' })
  return up === undefined ? [link('self', self)] : [link('self', self), link('up', up)]
}
