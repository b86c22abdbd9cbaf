import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as z from 'zod'
import { routes } from '../../../src/http/admin/routes.ts'
import { paidSale, refundedSale, startAdmin } from './support.ts'

/** The shape with nothing beside what it names. */
function strict(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    return z.strictObject(
      Object.fromEntries(
        Object.entries(schema.shape).map(([name, part]) => [name, strict(part as z.ZodType)]),
      ),
    )
  }
  if (schema instanceof z.ZodArray) return z.array(strict(schema.element as z.ZodType))
  if (schema instanceof z.ZodNullable) return strict(schema.unwrap() as z.ZodType).nullable()
  if (schema instanceof z.ZodOptional) return strict(schema.unwrap() as z.ZodType).optional()
  return schema
}

test('what the API answers is what openapi.json says, no field more and none less', async (t) => {
  const admin = await startAdmin(t)
  const [event] = await admin.learn(
    ...paidSale({ n: 1, items: [{ sku: 'A', quantity: 1, unit_price: '40.80' }] }),
    refundedSale({ n: 1 }, 1000),
  )
  await admin.ask('PUT', '/inventory/A', { body: { on_hand: 2 } })
  const run = (await admin.ask('POST', '/reconciliations', { body: { connection: 'stripe-test' } })).body.id
  const replay = (await admin.ask('POST', '/replays', { body: { filter: {} } })).body.id
  const order = (await admin.get('/orders')).body.data[0].id
  const ids: { [path: string]: string } = {
    '/orders/{id}': order,
    '/events/{id}': event!,
    '/reconciliations/{id}': run,
    '/replays/{id}': replay,
    '/inventory/{sku}': 'A',
    '/connections/{id}': 'stripe-test',
  }
  let checked = 0
  for (const route of routes.filter(({ method }) => method === 'get')) {
    const known = Object.entries(ids).find(([path]) => route.path.startsWith(path))
    if (known === undefined && route.path.includes('{')) continue
    const path = route.path.replace(/\{\w+\}/, known?.[1] ?? '')
    const answer = await admin.get(path === '/ledger/export' ? `${path}?format=csv` : path)
    assert.equal(answer.status, 200, path)
    const shape = route.answers[200]!
    if (typeof shape === 'string') continue
    const parsed = strict(shape).safeParse(answer.body)
    assert.ok(parsed.success, `${path}: ${parsed.error}`)
    checked += 1
  }
  assert.ok(checked >= 22, `only ${checked}`)
})

test('the description is whole: every operation has a summary, a role, its answers, and the names are unique', async (t) => {
  const admin = await startAdmin(t)
  const response = await fetch(`${admin.url}/api/v1/openapi.json`)
  assert.equal(response.status, 200)
  const document = (await response.json()) as any
  assert.equal(document.openapi, '3.1.0')
  const names = new Set<string>()
  for (const [path, methods] of Object.entries(document.paths) as [string, any][]) {
    for (const [method, operation] of Object.entries(methods) as [string, any][]) {
      assert.ok(operation.summary && operation['x-role'] && operation.operationId, `${method} ${path}`)
      assert.ok(!names.has(operation.operationId), operation.operationId)
      names.add(operation.operationId)
      for (const name of path.matchAll(/\{(\w+)\}/g))
        assert.ok(
          operation.parameters.some(
            (parameter: any) => parameter.in === 'path' && parameter.name === name[1],
          ),
          path,
        )
      if (method !== 'get')
        assert.ok(
          operation.parameters.some((parameter: any) => parameter.name === 'Idempotency-Key'),
          `${method} ${path}`,
        )
    }
  }
  const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    (match) => match[1]!,
  )
  for (const ref of refs) assert.ok(document.components.schemas[ref], ref)
  const limit = document.paths['/orders'].get.parameters.find((parameter: any) => parameter.name === 'limit')
  assert.deepEqual(
    [limit.schema.type, limit.schema.minimum, limit.schema.maximum, limit.schema.default],
    ['integer', 1, 200, 50],
  )
})
