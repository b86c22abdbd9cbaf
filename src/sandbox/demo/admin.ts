/** An amount as the admin API gives it. */
export type Amount = { readonly amount: string; readonly currency: string }

/** Whether there is such an amount and it is not zero. */
export const isSome = (amount: Amount | undefined) => amount !== undefined && /[1-9]/.test(amount.amount)

export type ShownOrder = {
  readonly id: string
  readonly number: string
  readonly status: string
  readonly payment_status: string
  readonly dispute_status: string
  readonly fulfillment_status: string
  readonly currency: string
  readonly needs_review: readonly { readonly code: string; readonly holds: boolean }[]
  readonly totals: { readonly [name: string]: Amount }
}

export type Admin = {
  /** The parsed answer. Throws with status and problem code on anything but 2xx. */
  get<T>(path: string): Promise<T>
  send<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T>
}

/** The admin API as any script would use it: by HTTP, with the key. */
export function adminApi(url: string, key: string): Admin {
  let writes = 0
  const run = `${Date.now()}`
  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'idempotency-key': `demo-${run}-${++writes}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`)
    return JSON.parse(text) as T
  }
  return { get: (path) => call('GET', path), send: call }
}
