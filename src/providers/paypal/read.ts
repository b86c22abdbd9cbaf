import type { Ref } from '../../core/fact.ts'
import { type Api, ApiError, type ConnectionSettings, type Reading } from '../provider.ts'
import { ask, call } from './client.ts'
import { child, children, idIn, type Node, parseObject, text } from './json.ts'
import { upIn } from './state.ts'

/** The provider's word on one resource now. Throws `ApiError`; `refused` for kinds that it has no address for. */
export async function read({ kind, id }: Ref, api: Api): Promise<Reading> {
  const reading = await get(kind, id, api)
  if (reading === undefined) throw new ApiError('refused', `a ${kind} cannot be read`)
  return reading
}

async function get(kind: Ref['kind'], id: string, api: Api): Promise<Reading | undefined> {
  switch (kind) {
    case 'order':
      return orderReading(id, api)
    case 'capture':
      return captureReading(id, api)
    case 'refund':
      return sdk('refund', api, (client, { PaymentsController }) =>
        new PaymentsController(client).getRefund({ refundId: id }),
      )
    case 'authorization':
      return sdk('authorization', api, (client, { PaymentsController }) =>
        new PaymentsController(client).getAuthorizedPayment({ authorizationId: id }),
      )
    case 'dispute':
      return {
        type: 'resource.dispute',
        body: (await ask(api, { method: 'GET', path: `/v1/customer/disputes/${encodeURIComponent(id)}` }))
          .body,
      }
    case 'transaction':
      return reversalReading(id, api)
    default:
      return undefined
  }
}

function orderReading(id: string, api: Api): Promise<Reading> {
  return sdk('order', api, (client, { OrdersController }) => new OrdersController(client).getOrder({ id }))
}

/**
 * A capture does not name its refunds, nor what was ordered; its order does. Where either is wanted the order is read
 * in its place, if it still can be.
 */
async function captureReading(id: string, api: Api): Promise<Reading> {
  const own = await sdk('capture', api, (client, { PaymentsController }) =>
    new PaymentsController(client).getCapturedPayment({ captureId: id }),
  )
  const node = parseObject(own.body)
  const orderId = node && orderOf(node)
  if (node === undefined || orderId === undefined || !wantsOrder(node, api.connection)) return own
  const order = await orderReading(orderId, api).catch((error: unknown) => {
    if (error instanceof ApiError && (error.kind === 'not_found' || error.kind === 'refused')) return own
    throw error
  })
  return holds(order, id) ? order : own
}

function orderOf(node: Node): string | undefined {
  return idIn(child(node, 'supplementary_data', 'related_ids'), 'order_id') ?? upIn(node, 'orders')
}

function wantsOrder(capture: Node, { speaksFor }: ConnectionSettings): boolean {
  return speaksFor.includes('order') || /REFUNDED$/.test(text(capture, 'status') ?? '')
}

function holds({ body }: Reading, captureId: string): boolean {
  const units = children(parseObject(body), 'purchase_units')
  return units.some((unit) =>
    children(child(unit, 'payments'), 'captures').some((one) => text(one, 'id') === captureId),
  )
}

/** What they took back, and the cases about the capture that it was taken from: both as they came, in one frame. */
async function reversalReading(id: string, api: Api): Promise<Reading> {
  const taken = await sdk('refund', api, (client, { PaymentsController }) =>
    new PaymentsController(client).getRefund({ refundId: id }),
  )
  const node = parseObject(taken.body)
  const captureId = node && upIn(node, 'captures')
  if (captureId === undefined) throw new ApiError('refused', `transaction ${id} names no capture`)
  return withDisputes('reversal', taken.body, captureId, api)
}

/** Frames the bytes of a reversal with those of the list of cases about its capture. */
export async function withDisputes(
  name: 'reversal' | 'transaction',
  body: Uint8Array,
  captureId: string,
  api: Api,
): Promise<Reading> {
  const { body: disputes } = await ask(api, {
    method: 'GET',
    path: '/v1/customer/disputes',
    query: { disputed_transaction_id: captureId, page_size: '10' },
  })
  const parts = [`{"${name}":`, body, ',"disputes":', disputes, '}'].map((part) => Buffer.from(part))
  return { type: 'resource.reversal', body: Buffer.concat(parts) }
}

async function sdk(name: string, api: Api, make: Parameters<typeof call>[1]): Promise<Reading> {
  const { body } = await call(api, make)
  const node = parseObject(body)
  if (node === undefined || text(node, 'id') === undefined)
    throw new ApiError('unavailable', `the answer is no ${name}`)
  return { type: `resource.${name}`, body }
}
