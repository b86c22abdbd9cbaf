import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { elementsAt, sliceAt } from '../../src/providers/reading/slices.ts'
import { bytes } from '../conformance/subject.ts'
import { property } from '../support/property.ts'

const texts = (body: string) =>
  elementsAt(bytes(body), ['data'])?.map((slice) => Buffer.from(slice).toString())

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

test('a value is found under any path, whatever stands around it', () => {
  const body = bytes('{ "a" : [1, {"b":2}], "b": {"c": 9007199254740993 , "d":"x\\"}"}, "e": null}')
  const at = (...path: string[]) => {
    const found = sliceAt(body, path)
    return found && Buffer.from(found).toString()
  }
  assert.equal(at('b', 'c'), '9007199254740993')
  assert.equal(at('b', 'd'), '"x\\"}"')
  assert.equal(at('e'), 'null')
  assert.equal(at('a', 'b'), undefined)
  assert.equal(at('c'), undefined)
})
