import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeEvent } from '../../src/pipeline/receive.ts'
import { until } from '../support/wait.ts'
import { openShop } from './running.ts'

test('the team is told of an event that needs a person, by the id under which it can be opened', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false, roles: ['worker'], notifyOn: ['needs_review'] })
  const body =
    '{"id":"evt_odd","object":"event","type":"charge.succeeded","data":{"object":{"object":"charge"}}}'
  const { id } = await storeEvent(shop.system, {
    connection: 'stripe-test',
    provider: 'stripe',
    providerEventId: 'evt_odd',
    type: 'charge.succeeded',
    mode: 'test',
    source: 'webhook',
    body: Buffer.from(body),
    receivedAt: new Date().toISOString(),
    isIdSigned: true,
  })
  const rows = await until('it is told', async () => {
    const found = await shop.rows<{ key: string; body: string }>(
      "select key, body::text as body from effects where sink = 'notify'",
    )
    return found.length > 0 && found
  })
  assert.equal(rows[0]!.key, `notify:payload_unreadable:${id}`)
  const told = JSON.parse(rows[0]!.body)
  assert.deepEqual([told.event_id, told.code], [id, 'payload_unreadable'])
})
