import { createHmac } from 'node:crypto'
import type { ConnectionSettings, RawRequest } from '../../../src/providers/provider.ts'
import { standardWebhooks } from '../../../src/providers/standard-webhooks/index.ts'
import { bytes, type Fixture, type Subject } from '../../conformance/subject.ts'

export const secretOf = (n: number) => `whsec_${Buffer.alloc(24, n).toString('base64')}`

/** A warehouse's connection. */
export const settings: ConnectionSettings = {
  id: 'warehouse',
  provider: 'standard-webhooks',
  mode: 'test',
  speaksFor: ['fulfillment'],
  account: 'warehouse',
  webhookSecrets: [secretOf(1), secretOf(2)],
  toleranceSeconds: 300,
  orderReference: [],
  accept: {},
  ordersFrom: [],
  extra: {},
}

export const now = new Date('2026-03-01T12:00:00.500Z')

/** Signs as the specification has it: one `v1` for each secret. */
export function deliver(
  body: Uint8Array,
  {
    secrets = settings.webhookSecrets.slice(0, 1),
    at = now,
  }: { secrets?: readonly string[]; at?: Date } = {},
): RawRequest {
  const id = 'msg_1'
  const t = Math.floor(at.getTime() / 1000)
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${t}.`).update(body).digest('base64')}`
  })
  return {
    method: 'POST',
    path: '/webhooks/standard-webhooks/warehouse',
    headers: [
      ['webhook-id', id],
      ['webhook-timestamp', String(t)],
      ['webhook-signature', signatures.join(' ')],
    ],
    body,
  }
}

export const shipped = {
  type: 'fulfillment.shipped',
  timestamp: '2026-03-01T11:59:00Z',
  data: {
    order_id: 'ord_1',
    shipment_id: 'ship_1',
    carrier: 'DHL',
    number: 'JD0001',
    url: 'https://track.example/JD0001',
    line_items: [{ sku: 'TEE-M', quantity: 2 }],
  },
}

function withData(fields: object): Uint8Array {
  return bytes({ ...shipped, data: { ...shipped.data, ...fields } })
}

const joins = ['number:ord_1']
const label = { carrier: 'DHL', number: 'JD0001', url: 'https://track.example/JD0001' }
const at = '2026-03-01T11:59:00.000Z'

function fixtureOf(
  name: string,
  body: typeof shipped | object,
  state: string,
  id: string,
  data: object,
): Fixture {
  const { type } = body as { type: string }
  const fact = { id: `fulfillment_state:fulfillment:${id}:${at}:${state}`, occurredAt: at, rank: 0, joins }
  return { name, type, body, facts: [{ ...fact, data: { state, version: at, ...data } }] }
}

const fixtures: Fixture[] = [
  fixtureOf('shipped', shipped, 'shipped', 'ship_1', { ...label, lines: [{ lineId: 'TEE-M', quantity: 2 }] }),
  fixtureOf(
    'delivered, lines by id',
    {
      ...shipped,
      type: 'fulfillment.delivered',
      data: { ...shipped.data, line_items: [{ id: 'li_1', sku: 'TEE-M', quantity: 1 }] },
    },
    'delivered',
    'ship_1',
    { ...label, lines: [{ lineId: 'li_1', quantity: 1 }] },
  ),
  fixtureOf(
    'failed before there was a shipment, with a link that is none',
    { ...shipped, type: 'fulfillment.failed', data: { order_id: 'ord_1', url: 'javascript:alert(1)' } },
    'failed',
    'ord_1',
    { lines: [{ lineId: '*', quantity: 1 }] },
  ),
]

/** The provider, for the suite that holds every provider. */
export const subject: Subject = {
  provider: standardWebhooks,
  settings,
  now,
  deliver,
  signatureHeader: 'webhook-signature',
  signsTime: true,
  fixtures,
  body: bytes({ ...shipped, data: { ...shipped.data, carrier: 'Łódź 東京' } }),
  otherMode: bytes(shipped),
  otherAccount: bytes(shipped),
  malformed: [
    { name: 'not JSON', body: bytes('payment=ok') },
    { name: 'empty', body: bytes('') },
    { name: 'an array', body: bytes('[]') },
    { name: 'no type', body: bytes('{"data":{}}') },
    { name: 'a type in a prototype', body: bytes('{"__proto__":{"type":"fulfillment.shipped"}}') },
    { name: 'invalid UTF-8', body: Buffer.from([...bytes('{"type":"x","a":"'), 0xff, ...bytes('"}')]) },
    { name: 'a byte order mark', body: Buffer.from([0xef, 0xbb, 0xbf, ...bytes('{"type":"x"}')]) },
  ],
  unknownType: { type: 'lead.created', body: bytes({ type: 'lead.created', data: {} }) },
  unreadable: [
    { name: 'no data', type: shipped.type, body: bytes({ type: shipped.type }), path: 'data' },
    { name: 'no order', type: shipped.type, body: withData({ order_id: undefined }), path: 'data.order_id' },
    {
      name: 'no shipment',
      type: shipped.type,
      body: withData({ shipment_id: null }),
      path: 'data.shipment_id',
    },
    {
      name: 'an id with NUL',
      type: shipped.type,
      body: withData({ shipment_id: 'a\0' }),
      path: 'data.shipment_id',
    },
    {
      name: 'lines that are none',
      type: shipped.type,
      body: withData({ line_items: 'all' }),
      path: 'data.line_items',
    },
    {
      name: 'a line of nothing',
      type: shipped.type,
      body: withData({ line_items: [{ quantity: 1 }] }),
      path: 'data.line_items[0].sku',
    },
    {
      name: 'a negative count',
      type: shipped.type,
      body: withData({ line_items: [{ sku: 'A', quantity: -1 }] }),
      path: 'data.line_items[0].quantity',
    },
    {
      name: 'half a shirt',
      type: shipped.type,
      body: withData({ line_items: [{ sku: 'A', quantity: 0.5 }] }),
      path: 'data.line_items[0].quantity',
    },
  ],
  listed: [],
  serve: async (_list, _objects, work) => work(settings),
}
