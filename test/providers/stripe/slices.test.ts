import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { elementsOf } from '../../../src/providers/stripe/slices.ts'
import { bytes } from '../../conformance/subject.ts'
import { property } from '../../support/property.ts'

const texts = (body: string) => elementsOf(bytes(body))?.map((slice) => Buffer.from(slice).toString())

property(
  'the slices of a list are its elements, as JSON and as text',
  fc.record({
    elements: fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())),
    indent: fc.constantFrom(0, 2, '\t'),
  }),
  ({ elements, indent }) => {
    const body = JSON.stringify({ url: '/v1/x', data: elements, has_more: false }, null, indent)
    const slices = texts(body)
    assert.deepEqual(
      slices?.map((slice) => JSON.parse(slice)),
      JSON.parse(JSON.stringify(elements)),
    )
    for (const slice of slices ?? []) assert.ok(body.includes(slice))
  },
  { runs: 500 },
)

test('only the outermost data counts, and text that looks like it does not', () => {
  assert.deepEqual(
    texts(
      '{"other":{"data":[{"no":1}]},"note":"\\"data\\":[{}]","data" : [ {"yes":[{"deep":{}}]} , {"two":"]}"} ]}',
    ),
    ['{"yes":[{"deep":{}}]}', '{"two":"]}"}'],
  )
  assert.deepEqual(texts('{"a":"data","data":[]}'), [])
})

test('what is no list has no slices', () => {
  for (const body of ['', '{}', '[]', '{"data":{}}', '{"data":"[{}]"}', '{"data":[{"a":1}', '"data'])
    assert.equal(texts(body), undefined, body)
})
