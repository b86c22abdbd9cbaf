import { randomUUID, sign } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { createCourier } from '../courier.ts'
import { createLane } from '../lane.ts'
import { isTaken, type Letter, send } from '../letter.ts'
import { twinKey } from './certificates.ts'
import type { PaypalEvent, PaypalWorld } from './world.ts'

const certUrl = 'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-twin'

/** The headers of one transmission of these bytes for this webhook, signed with the twin's key. */
export function signedHeaders(
  body: Uint8Array,
  webhookId: string,
  { at = new Date(), transmissionId = randomUUID() }: { at?: Date; transmissionId?: string } = {},
): { [name: string]: string } {
  const time = at.toISOString().replace(/\.\d{3}Z$/, 'Z')
  const signed = Buffer.from(`${transmissionId}|${time}|${webhookId}|${crc32(body)}`)
  return {
    'paypal-transmission-id': transmissionId,
    'paypal-transmission-time': time,
    'paypal-transmission-sig': sign('sha256', signed, twinKey).toString('base64'),
    'paypal-cert-url': certUrl,
    'paypal-auth-algo': 'SHA256withRSA',
    'paypal-auth-version': 'v2',
    'content-type': 'application/json',
  }
}

export type PaypalDeliver = ReturnType<typeof createPaypalDeliver>

/** Sends the account's events to its webhooks; what is not taken is sent again, with the same transmission. */
export function createPaypalDeliver(world: PaypalWorld, { retriesMs = [] as readonly number[] } = {}) {
  const lane = createLane(8)
  const stopping = new AbortController()
  const attempts: { eventId: string; type: string; status: number | undefined }[] = []
  const courier = createCourier<PaypalEvent>(world.onEvent, (event, { copies = 1, delayMs }) => {
    for (const webhook of world.things.webhook.values()) {
      const names = (webhook.event_types as { name: string }[]).map(({ name }) => name)
      if (!names.includes('*') && !names.includes(event.event_type)) continue
      const body = new TextEncoder().encode(JSON.stringify(event))
      const headers = signedHeaders(body, webhook.id)
      for (let copy = 0; copy < copies; copy++)
        lane.add(() => once(event, webhook.url, { body, headers }, 0), delayMs)
    }
  })
  return Object.assign(courier, {
    attempts,
    settled: lane.settled,
    stop() {
      lane.stop()
      stopping.abort()
    },
  })

  async function once(event: PaypalEvent, url: string, letter: Letter, retry: number): Promise<void> {
    const { status } = await send(url, letter, { timeoutMs: 10_000, signal: stopping.signal })
    if (stopping.signal.aborted) return
    attempts.push({ eventId: event.id, type: event.event_type, status })
    const wait = retriesMs[retry]
    if (!isTaken({ status }) && wait !== undefined) lane.add(() => once(event, url, letter, retry + 1), wait)
  }
}
