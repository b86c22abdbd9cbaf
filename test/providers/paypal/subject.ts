import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionSettings, RawRequest } from '../../../src/providers/provider.ts'
import { paypal } from '../../../src/providers/paypal/index.ts'
import { twinCertificate } from '../../../src/sandbox/paypal/certificates.ts'
import { signedHeaders, twinAuthority } from '../../../src/sandbox/paypal/index.ts'
import { bytes, type Fixture, fixturesIn, type Subject } from '../../conformance/subject.ts'
import { type Call, withApi } from '../stripe/api.ts'

const folder = mkdtempSync(join(tmpdir(), 'ordersync-paypal-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** The twin's authority as a file, for `caFile`. */
export const caFile = join(folder, 'authority.pem')
writeFileSync(caFile, twinAuthority)

/** Serves the twin's certificate under any name, and counts how often. Ends with the process. */
export const certificates = { fetched: 0 }
const server = createServer((_request, response) => {
  certificates.fetched += 1
  response.end(twinCertificate)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
server.unref()

/** A connection that is the whole shop, with two webhook ids while one is replaced. */
export const settings: ConnectionSettings = {
  id: 'paypal-main',
  provider: 'paypal',
  mode: 'test',
  speaksFor: ['order', 'payment'],
  account: 'K7WQ2M9X4TRBD',
  webhookSecrets: ['8PT597110X687430L', '1JE4291016473214C'],
  apiBaseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  toleranceSeconds: 300,
  orderReference: [],
  accept: {},
  ordersFrom: [],
  extra: { clientId: 'twin-client', clientSecret: 'twin-client-secret', caFile },
}

/** When every delivery of these tests arrives. */
export const now = new Date('2026-03-02T09:15:32.000Z')

/** Our own examples, each with exactly what it states. */
export const fixtures = fixturesIn(join(import.meta.dirname, '../../fixtures/paypal'))

type Body = { [key: string]: any }

/** A copy of one of them, to be changed at will. */
export function fixture(name: string): Fixture & { body: Body } {
  const found = fixtures.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no fixture ${name}`)
  return structuredClone(found) as Fixture & { body: Body }
}

/** A fixture's body with some of its fields set otherwise; undefined takes one away. */
export function changed(name: string, fields: Body): Uint8Array {
  return bytes(Object.assign(fixture(name).body, fields))
}

/** Sends as they do: one signature, for one webhook. */
export function deliver(
  body: Uint8Array,
  {
    secrets = settings.webhookSecrets.slice(0, 1),
    at = now,
  }: { secrets?: readonly string[]; at?: Date } = {},
): RawRequest {
  const headers = Object.entries(signedHeaders(body, secrets[0]!, { at }))
  return { method: 'POST', path: '/webhooks/paypal', headers: [['host', 'shop.example'], ...headers], body }
}

const event = fixture('PAYMENT.CAPTURE.COMPLETED')
const elsewhere = JSON.stringify(event.body).replaceAll('api.sandbox.paypal.com', 'api.paypal.com')
const resource = { ...event.body.resource, payee: { merchant_id: 'ANOTHER000000' } }

/** PayPal, for the suite that holds every provider. */
export const subject: Subject = {
  provider: paypal,
  settings,
  now,
  deliver,
  signatureHeader: 'paypal-transmission-sig',
  signsTime: false, // it does, but not as an expiry: the window is four days, and has a test of its own
  signsOnce: true,
  oddCurrencies: ['JPY', 'HUF', 'TWD'],
  fixtures,
  body: bytes(event.body),
  otherMode: bytes(elsewhere),
  otherAccount: bytes({ ...event.body, resource }),
  malformed: [
    { name: 'not JSON', body: bytes('payment=ok') },
    { name: 'empty', body: bytes('') },
    { name: 'an array', body: bytes('[]') },
    { name: 'two values', body: bytes('{"id":"WH-1"}{"id":"WH-2"}') },
    { name: 'no id', body: bytes('{"event_type":"PAYMENT.CAPTURE.COMPLETED"}') },
    { name: 'an id with NUL', body: bytes('{"id":"WH-\\u0000","event_type":"X"}') },
    { name: 'no type', body: bytes('{"id":"WH-1"}') },
    {
      name: 'invalid UTF-8',
      body: Buffer.from([...bytes('{"id":"WH-1","event_type":"X","s":"'), 0xff, ...bytes('"}')]),
    },
    {
      name: 'a byte order mark',
      body: Buffer.from([0xef, 0xbb, 0xbf, ...bytes('{"id":"WH-1","event_type":"X"}')]),
    },
  ],
  unknownType: {
    type: 'VAULT.CREDIT-CARD.CREATED',
    body: bytes({ id: 'WH-1', event_type: 'VAULT.CREDIT-CARD.CREATED' }),
  },
  unreadable: unreadable(),
  listed: [
    { list: 'disputes', webhook: fixture('dispute.inquiry'), object: fixture('dispute.inquiry').body },
    {
      list: 'transactions',
      webhook: fixture('capture.completed'),
      object: fixture('capture.completed').body,
    },
    { list: 'transactions', webhook: fixture('refund.completed'), object: fixture('refund.completed').body },
    {
      list: 'transactions',
      webhook: fixture('transaction.withdrawal'),
      object: fixture('transaction.withdrawal').body,
    },
    { list: 'events', webhook: fixture('PAYMENT.CAPTURE.COMPLETED'), object: event.body },
  ],
  serve: (list, objects, work) =>
    withApi(
      (call) => served(list, objects[0] as Body, call),
      (url) => work({ ...settings, apiBaseUrl: url }),
    ),
}

function unreadable(): Subject['unreadable'] {
  const of = (name: string, base: string, fields: Body, path: string) => {
    const type = `resource.${base.split('.')[0]}`
    return { name, type, body: changed(base, fields), path }
  }
  const amount = (value: unknown, currency_code: unknown = 'EUR') => ({ amount: { currency_code, value } })
  return [
    of('no amount', 'capture.completed', { amount: undefined }, 'amount'),
    of('an amount as a number', 'capture.completed', amount(59.4), 'amount.value'),
    of('a negative amount', 'capture.completed', amount('-59.40'), 'amount.value'),
    of('part of a cent', 'capture.completed', amount('59.401'), 'amount.value'),
    of('part of a yen', 'capture.jpy', amount('9800.50', 'JPY'), 'amount.value'),
    of('an absurd amount', 'capture.completed', amount('99999999999999999'), 'amount.value'),
    of('an unknown currency', 'capture.completed', amount('59.40', 'XXQ'), 'amount.currency_code'),
    of(
      'a currency that hides in a prototype',
      'capture.completed',
      { amount: { value: '1.00' } },
      'amount.currency_code',
    ),
    of('no id', 'capture.completed', { id: undefined }, 'id'),
    of('an id with NUL', 'capture.completed', { id: 'A\0' }, 'id'),
    of('no time', 'capture.completed', { create_time: undefined }, 'create_time'),
    of('a state that is new', 'capture.completed', { status: 'SHELVED' }, 'status'),
    of(
      'a net amount that does not add up',
      'capture.completed',
      {
        seller_receivable_breakdown: {
          gross_amount: amount('59.40').amount,
          net_amount: amount('60.00').amount,
        },
      },
      'seller_receivable_breakdown.net_amount',
    ),
    of('a refund of nothing', 'refund.completed', { links: [] }, 'links'),
    of('a state of a refund that is new', 'refund.completed', { status: 'RETURNED' }, 'status'),
    of('an authorization in a new state', 'authorization.created', { status: 'ASLEEP' }, 'status'),
    of('a case about nothing', 'dispute.inquiry', { disputed_transactions: [] }, 'disputed_transactions'),
    of(
      'an outcome that is new',
      'dispute.none',
      { dispute_outcome: { outcome_code: 'TIED' } },
      'dispute_outcome.outcome_code',
    ),
    of('an order of nothing', 'order.approved', { purchase_units: [] }, 'purchase_units'),
    {
      name: 'no resource',
      type: 'PAYMENT.CAPTURE.COMPLETED',
      body: bytes({ id: 'WH-1' }),
      path: 'resource.id',
    },
    { name: 'not JSON', type: 'resource.capture', body: bytes('{'), path: 'body' },
  ]
}

/** Answers as their API would if it held this one object. */
function served(list: string, object: Body, { path, query }: Call) {
  if (path === '/v1/oauth2/token') return { body: { access_token: 'A21', expires_in: 32_400 } }
  if (path === '/v1/notifications/webhooks-events') return { body: { events: [object], links: [] } }
  if (path === '/v1/customer/disputes') {
    const { disputed_transactions: _left, ...summary } = object
    return { body: { items: [summary], links: [] } }
  }
  if (path === '/v1/reporting/transactions') {
    const row = object.transaction_info === undefined ? rowOf(object) : object
    const at = Date.parse(row.transaction_info.transaction_updated_date.replace('+0000', 'Z'))
    const isWithin = at >= Date.parse(query.get('start_date')!) && at <= Date.parse(query.get('end_date')!)
    const details = isWithin ? [row] : []
    return { body: { transaction_details: details, total_items: details.length, total_pages: 1, page: 1 } }
  }
  const isThere = list !== 'events' && path.endsWith(`/${object.id ?? object.dispute_id}`)
  return isThere ? { body: object } : { status: 404, body: { name: 'RESOURCE_NOT_FOUND' } }
}

function rowOf(object: Body): Body {
  const isRefund = object.seller_payable_breakdown !== undefined
  const at = new Date(object.create_time).toISOString().replace(/\.\d{3}Z$/, '+0000')
  const { currency_code, value } = object.amount
  return {
    transaction_info: {
      transaction_id: object.id,
      transaction_event_code: isRefund ? 'T1107' : 'T0006',
      transaction_initiation_date: at,
      transaction_updated_date: at,
      transaction_amount: { currency_code, value: isRefund ? `-${value}` : value },
      transaction_status: 'S',
    },
  }
}
