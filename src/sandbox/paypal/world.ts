import { randomFrom } from '../stripe/random.ts'
import { linksOf, type Resource, type Amount } from './shapes.ts'

/** One event of theirs, as its webhook carries it. */
export type PaypalEvent = {
  readonly id: string
  readonly event_type: string
  readonly create_time: string
  readonly resource: Resource
  readonly [key: string]: unknown
}

export type Purchase = {
  readonly amountMinor: bigint
  readonly currency?: string
  readonly number?: string
  readonly items?: readonly {
    readonly sku: string
    readonly name?: string
    readonly quantity: number
    readonly unitMinor: bigint
  }[]
  readonly intent?: 'CAPTURE' | 'AUTHORIZE'
  readonly email?: string
}

/** A row of the reports. */
export type ReportRow = { readonly transaction_info: { readonly [key: string]: unknown } }

export type PaypalWorld = ReturnType<typeof createPaypalWorld>

/** A made-up merchant account: what exists, what happened to it, and what the reports say. */
export function createPaypalWorld({
  seed,
  now = () => new Date(),
}: {
  seed: string | number
  now?: () => Date
}) {
  const random = randomFrom(`paypal:${seed}`)
  const letters = 'ABCDEFGHJKLMNPRSTUVWXYZ0123456789'
  const newId = (length = 17) => Array.from({ length }, () => letters[random.below(letters.length)]).join('')
  const things = {
    order: new Map<string, Resource>(),
    authorization: new Map<string, Resource>(),
    capture: new Map<string, Resource>(),
    refund: new Map<string, Resource>(),
    dispute: new Map<string, Resource>(),
    webhook: new Map<string, Resource>(),
  }
  const events: PaypalEvent[] = []
  const rows: ReportRow[] = []
  const trackers: Resource[] = []
  const listeners: ((event: PaypalEvent) => void)[] = []

  const at = () =>
    now()
      .toISOString()
      .replace(/\.\d{3}Z$/, 'Z')
  const need = (kind: keyof typeof things, id: string): Resource => {
    const found = things[kind].get(id)
    if (found === undefined) throw new Error(`there is no ${kind} ${id}`)
    return found
  }

  function emit(type: string, resource: Resource): PaypalEvent {
    const event = eventOf(`WH-${newId(17)}-${newId(17)}`, type, resource, now())
    events.push(event)
    for (const listener of listeners) listener(event)
    return event
  }

  function report(id: string, code: string, amount: Amount, more: object = {}): void {
    rows.push(rowOf(id, code, amount, now(), more))
  }

  return {
    things,
    events,
    rows,
    trackers,
    at,
    need,
    newId,
    emit,
    report,
    now,
    onEvent: (listener: (event: PaypalEvent) => void) => void listeners.push(listener),
  }
}

function eventOf(id: string, type: string, resource: Resource, at: Date): PaypalEvent {
  return {
    id,
    event_version: '1.0',
    create_time: at.toISOString(),
    resource_type: type.split('.')[1]!.toLowerCase(),
    event_type: type,
    summary: '',
    resource: structuredClone(resource),
    links: linksOf(`/v1/notifications/webhooks-events/${id}`),
  }
}

function rowOf(id: string, code: string, amount: Amount, at: Date, more: object): ReportRow {
  const when = at.toISOString().replace(/\.\d{3}Z$/, '+0000')
  return {
    transaction_info: {
      transaction_id: id,
      transaction_event_code: code,
      transaction_initiation_date: when,
      transaction_updated_date: when,
      transaction_amount: amount,
      transaction_status: 'S',
      ...more,
    },
  }
}
