import type { EventRow } from '../../store/reading/events.ts'
import type { DeliveryRow } from '../../store/reading/deliveries.ts'

export function eventView(row: EventRow) {
  return {
    id: row.id,
    connection: row.connection,
    provider: row.provider,
    provider_event_id: row.provider_event_id,
    type: row.type,
    mode: row.mode,
    api_version: row.api_version,
    source: row.source,
    status: row.status,
    status_reason: row.reason,
    review_code: row.review_code,
    occurred_at: row.occurred_at,
    received_at: row.received_at,
    processed_at: row.processed_at,
    attempts: row.attempts,
    deliveries: row.deliveries,
    order_ids: row.order_ids,
    payload_sha256: row.body_sha256.toString('hex'),
  }
}

/**
 * `event` with its payload as JSON text. The payload's own text is set in: parsing and printing would change integers
 * past 2^53. Null where it is not JSON, or kept no longer.
 */
export function withPayload(event: object, body: Buffer | undefined, isMasked: boolean): Buffer {
  const text = body === undefined ? undefined : jsonText(body)
  const payload = text === undefined ? 'null' : isMasked ? JSON.stringify(masked(JSON.parse(text))) : text
  return Buffer.from(
    `${JSON.stringify({ ...event, retained: body !== undefined }).slice(0, -1)},"payload":${payload}}`,
  )
}

function jsonText(body: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
    JSON.parse(text)
    return text
  } catch {
    return undefined // verified, but no JSON: /raw has it as it is
  }
}

/** Names whose values say what happened and never to whom. Everything else of a payload is masked for viewers. */
const harmless =
  /^(id|object|type|event_type|resource_type|status|state|currency|created|updated|livemode|api_version|amount\w*|\w+_amount|quantity|reason|paid|captured|refunded|disputed)$/

const mask = '***'

/** The payload's shape with what may be personal taken out: by allow-list, because no list of personal names is complete. */
export function masked(value: unknown): unknown {
  return maskedUnder('', value)
}

function maskedUnder(name: string, value: unknown): unknown {
  if (value === null || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map((item) => maskedUnder(name, item))
  if (typeof value === 'object') {
    if (name === 'metadata') return mask
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskedUnder(key, item)]))
  }
  return harmless.test(name) ? value : mask
}

/** Headers that say nothing about a person. */
const harmlessHeaders = new Set([
  'accept',
  'content-type',
  'content-length',
  'content-encoding',
  'host',
  'user-agent',
])

export function deliveryView(row: DeliveryRow, isMasked: boolean) {
  return {
    id: row.id,
    connection: row.connection,
    event_id: row.event_id,
    received_at: row.received_at,
    remote_address: row.remote_address,
    method: row.method,
    path: row.path,
    headers: headersOf(row.headers, isMasked),
    body_bytes: row.body_bytes,
    response_status: row.response_status,
    duration_ms: row.duration_us / 1000,
    duplicate: row.duplicate,
    // Refusals beyond the first 20 a minute are a count on the last row.
    refused_count: row.response_status < 400 ? 0 : row.refused_count,
  }
}

function headersOf(text: string, isMasked: boolean): { [name: string]: string } {
  const headers = new Map<string, string>()
  for (const [name, value] of JSON.parse(text) as [string, string][]) {
    const shown = isMasked && !harmlessHeaders.has(name) ? mask : value
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${shown}` : shown)
  }
  return Object.fromEntries(headers)
}
