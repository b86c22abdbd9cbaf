import { hash } from 'node:crypto'
import { type Api, ApiError, type TrackingWrite, type WriteResult } from '../provider.ts'
import { ask } from './client.ts'
import { children, field, parseObject, text } from './json.ts'
import { present } from './state.ts'

/** A key of ours as theirs: the same for the same intent, whoever asks and however often. */
export function requestIdOf(key: string): string {
  return `os-${hash('sha256', key).slice(0, 32)}`
}

/**
 * Tells PayPal, and through it the payer, that the goods of a capture left. The same tracker again changes nothing.
 *
 * @see https://developer.paypal.com/docs/api/tracking/v1/#trackers-batch_post (checked 2026-11)
 */
export async function tracking(shipment: TrackingWrite, api: Api): Promise<WriteResult> {
  const { key, payment, carrier, number } = shipment
  if (payment?.kind !== 'capture')
    throw new ApiError('refused', 'tracking needs the capture that paid the goods')
  const tracker = present({
    transaction_id: payment.id,
    status: 'SHIPPED',
    tracking_number: number,
    carrier: carrier === undefined ? undefined : 'OTHER',
    carrier_name_other: carrier,
  })
  const body = JSON.stringify({ trackers: [tracker] })
  const answer = await ask(api, {
    method: 'POST',
    path: '/v1/shipping/trackers-batch',
    body,
    requestId: requestIdOf(key),
  })
  const root = parseObject(answer.body)
  const [problem] = children(root, 'errors')
  if (problem !== undefined) throw new ApiError('refused', `tracking: ${text(problem, 'name') ?? 'refused'}`)
  const [made] = children(root, 'tracker_identifiers')
  if (made === undefined) throw new ApiError('unavailable', 'the answer names no tracker')
  return {
    reference: [field(made, 'transaction_id'), field(made, 'tracking_number')].filter(Boolean).join('-'),
  }
}
