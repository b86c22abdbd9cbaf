import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claim } from '../../../src/store/idempotency.ts'
import { askWith, startAdmin } from './support.ts'

const headers = { 'idempotency-key': 'made-by-a-client' }

test('the same key gets the same answer, even of a key that is shown only once, and nothing is done twice', async (t) => {
  const admin = await startAdmin(t)
  const ask = () => admin.ask('POST', '/keys', { body: { role: 'viewer' }, headers })
  const [first, second] = [await ask(), await ask()]
  assert.equal(second.status, 201)
  assert.ok(first.bytes.equals(second.bytes), 'the answers differ')
  assert.equal((await admin.get('/keys')).body.data.length, 2, 'the bootstrap key and one more')
  const { rows } = await admin.system.db.web.query<{ body: string }>('select body from idempotency')
  assert.ok(
    !Buffer.from(rows[0]!.body, 'base64').includes(first.body.key) && !rows[0]!.body.includes(first.body.key),
    'the answer is readable in the table',
  )
})

test('the same key for another body or another route is 422, for another caller it is another key', async (t) => {
  const admin = await startAdmin(t)
  await admin.ask('PUT', '/inventory/TEE', { body: { on_hand: 3 }, headers })
  const other = await admin.ask('PUT', '/inventory/TEE', { body: { on_hand: 4 }, headers })
  assert.equal(other.status, 422)
  assert.equal(other.body.code, 'idempotency_key_reused')
  assert.equal((await admin.ask('PUT', '/inventory/CAP', { body: { on_hand: 3 }, headers })).status, 422)
  assert.equal((await admin.get('/inventory/TEE')).body.on_hand, 3)
  const operator = await admin.as('operator')
  assert.equal((await operator('PUT', '/inventory/TEE', { body: { on_hand: 4 }, headers })).status, 200)
})

test('while the first is under way the key is 409; when its process died, the next one may go on', async (t) => {
  let at = new Date()
  const admin = await startAdmin(t, { now: () => at })
  const digest = Buffer.alloc(32)
  assert.equal(
    (await claim(admin.system.db.web, { actor: 'key_bootstrap', key: 'made-by-a-client' }, digest, at)).kind,
    'mine',
  )
  assert.equal(
    (await claim(admin.system.db.web, { actor: 'key_bootstrap', key: 'made-by-a-client' }, digest, at)).kind,
    'under_way',
  )
  await admin.system.db.web.query('update idempotency set request_sha256 = $1', [digest])
  const busy = await admin.ask('PUT', '/inventory/TEE', { body: { on_hand: 3 }, headers })
  assert.equal(busy.status, 422, 'another request than the one under way')
  at = new Date(at.getTime() + 3 * 60_000)
  assert.equal((await admin.ask('PUT', '/inventory/TEE', { body: { on_hand: 3 }, headers })).status, 200)
})

test('fifty requests at once with one key do it once', async (t) => {
  const admin = await startAdmin(t)
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => admin.ask('POST', '/keys', { body: { role: 'viewer' }, headers })),
  )
  const made = answers.filter((answer) => answer.status === 201)
  assert.ok(made.length >= 1)
  assert.ok(answers.every(({ status }) => status === 201 || status === 409))
  assert.equal(new Set(made.map((answer) => answer.body.id)).size, 1)
  assert.equal((await admin.get('/keys')).body.data.length, 2)
  assert.equal(
    answers.find(({ status }) => status === 409)?.body.code ?? 'idempotency_key_in_use',
    'idempotency_key_in_use',
  )
})

test('a refusal is an answer too; an answer is kept for 30 days', async (t) => {
  let at = new Date()
  const admin = await startAdmin(t, { now: () => at })
  const refused = await admin.ask('DELETE', '/keys/key_nobody', { headers })
  const again = await admin.ask('DELETE', '/keys/key_nobody', { headers })
  assert.equal(refused.status, 404)
  assert.equal(again.status, 404)
  assert.match(again.headers.get('content-type')!, /problem\+json/)
  assert.deepEqual(again.body, refused.body)
  at = new Date(at.getTime() + 29 * 86_400_000)
  assert.equal((await admin.ask('DELETE', '/keys/key_other', { headers })).status, 422)
  at = new Date(at.getTime() + 2 * 86_400_000)
  assert.equal((await admin.ask('DELETE', '/keys/key_other', { headers })).status, 404)
})

test('a key must be printable and a read needs none', async (t) => {
  const admin = await startAdmin(t)
  assert.equal(
    (
      await admin.ask('PUT', '/inventory/TEE', {
        body: { on_hand: 3 },
        headers: { 'idempotency-key': 'with blank' },
      })
    ).status,
    400,
  )
  assert.equal(
    (
      await admin.ask('PUT', '/inventory/TEE', {
        body: { on_hand: 3 },
        headers: { 'idempotency-key': 'x'.repeat(256) },
      })
    ).status,
    400,
  )
  assert.equal((await admin.ask('GET', '/status', { headers })).status, 200)
  assert.equal(
    (await askWith(admin.url, undefined)('PUT', '/inventory/TEE', { body: { on_hand: 3 }, headers })).status,
    401,
  )
})

test('bodies: JSON only, strict, of a bounded size', async (t) => {
  const admin = await startAdmin(t)
  const put = (raw: string, type = 'application/json') =>
    admin.ask('PUT', '/inventory/TEE', { raw, headers: { 'content-type': type } })
  assert.equal((await put('{"on_hand":1}')).status, 200)
  assert.equal((await put('{"on_hand":1', 'application/json')).body.code, 'invalid_json')
  assert.equal((await put('{"on_hand":1}', 'text/plain')).status, 415)
  assert.equal((await put('{"on_hand":"1"}')).status, 400)
  assert.equal((await put('{"on_hand":1,"more":2}')).status, 400)
  assert.equal((await put('{"on_hand":1,"__proto__":{"x":1}}')).status, 400)
  assert.equal((await put('{"on_hand":-1}')).status, 400)
  assert.equal((await put('[]')).status, 400)
  assert.equal((await put(`{"on_hand":1${' '.repeat(300_000)}}`)).status, 413)
  assert.equal((await admin.ask('PUT', '/inventory/TEE')).status, 400)
})
