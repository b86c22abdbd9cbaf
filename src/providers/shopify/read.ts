import type { Ref, RefKind } from '../../core/fact.ts'
import { type Api, ApiError, type Reading } from '../provider.ts'
import { call } from './client.ts'
import { field } from './json.ts'
import { readDispute, readFulfillment, readOrder } from './queries.ts'
import { sliceAt } from '../reading/slices.ts'

type Readable = { readonly query: string; readonly root: string; readonly type: string; readonly gid: string }

/** An order holds its transactions, refunds and shipments, so that one answer settles every reason to ask. */
const readables = new Map<RefKind, Readable>([
  ['order', { query: readOrder, root: 'order', type: 'resource.order', gid: 'Order' }],
  [
    'fulfillment',
    { query: readFulfillment, root: 'fulfillment', type: 'resource.fulfillment', gid: 'Fulfillment' },
  ],
  [
    'dispute',
    { query: readDispute, root: 'dispute', type: 'resource.dispute', gid: 'ShopifyPaymentsDispute' },
  ],
])

/** The shop's word on one resource now. Throws `ApiError`; `refused` for kinds that it has no query for. */
export async function read(resource: Ref, api: Api): Promise<Reading> {
  const readable = readables.get(resource.kind)
  if (readable === undefined) throw new ApiError('refused', `a ${resource.kind} cannot be read`)
  const { query, root, type, gid } = readable
  const { body, data, apiVersion } = await call(api, query, { id: `gid://shopify/${gid}/${resource.id}` })
  if (field(data, root) === undefined)
    throw new ApiError('not_found', `the shop has no ${resource.kind} ${resource.id}`)
  const slice = sliceAt(body, ['data', root])
  if (slice === undefined) throw new ApiError('unavailable', `the answer holds no ${root}`)
  return { type, body: slice, ...(apiVersion !== undefined && { apiVersion }) }
}
