import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as rules from './rules.ts'
import { codeOf, functionsOf, importsOf } from './source.ts'

const file = (path: string, text: string) => ({ path, text })
const lines = (count: number) => 'x()\n'.repeat(count)

test('a file over the limit is found, one at the limit is not', () => {
  assert.equal(rules.tooLong([file('src/a.ts', lines(300))]).length, 0)
  assert.match(rules.tooLong([file('src/a.ts', lines(301))])[0]!.rule, /301 lines in a file/)
})

for (const [kind, open] of [
  ['a function', 'export function long(a: string): Map<string, { b: number }> {'],
  ['an arrow function', 'const long = async (a: string): Promise<void> => {'],
  ['a method', 'const it = {\n  async long(a) {'],
] as const) {
  test(`${kind} over the limit is found with its line`, () => {
    const close = kind === 'a method' ? '}\n}' : '}'
    const [breach] = rules.tooLong([file('src/a.ts', `\n${open}\n${lines(70)}${close}\n`)])
    assert.match(breach?.rule ?? '', /72 lines in a function/)
    assert.equal(rules.tooLong([file('src/a.ts', `${open}\n${lines(60)}${close}\n`)]).length, 0)
  })
}

test('a long block that is no function is not taken for one', () => {
  for (const open of [
    'if (a) {',
    'for (const a of b) {',
    'switch (a) {',
    'export const table = {',
    'class A {',
    'export type T = {',
  ]) {
    const text =
      open.includes('type') || open.includes('table')
        ? `${open}\n${'  // c\n'.repeat(80)}}\n`
        : `${open}\n${open.startsWith('class') ? '  a = 1\n'.repeat(80) : open.startsWith('switch') ? 'case 1: x()\n'.repeat(80) : lines(80)}}\n`
    assert.deepEqual(rules.tooLong([file('src/a.ts', text)]), [], open)
  }
})

test('braces in strings, templates, comments and regular expressions are not code', () => {
  const text =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a template
    "const a = '{'\nconst b = `{ ${c ? `}` : '}'} {`\n// {\n/* { */\nconst d = /[{/]\\{/.test(a)\nfunction e() {\n  return `${d}`\n}\n"
  assert.deepEqual(functionsOf(file('src/a.ts', text)), [{ line: 6, lines: 3 }])
  assert.doesNotMatch(codeOf(file('src/a.ts', "const a = 'process.env'\n")), /process/)
})

test('imports are read with their kind and their place', () => {
  const text =
    "import { type A, type B } from '../core/a.ts'\nimport type { C } from './c.ts'\nimport {\n  d,\n  type E,\n} from 'pg'\nexport * from './f.ts'\nconst g = await import('./g.ts')\n"
  assert.deepEqual(
    importsOf(file('src/store/x.ts', text)).map(({ target, isType, line }) => [target, isType, line]),
    [
      ['src/core/a.ts', true, 1],
      ['src/store/c.ts', true, 2],
      ['pg', false, 6],
      ['src/store/f.ts', false, 7],
      ['src/store/g.ts', false, 8],
    ],
  )
})

for (const [from, to, rule] of [
  ['src/core/a.ts', '../store/b.ts', /core imports store/],
  ['src/core/a.ts', 'node:fs', /core imports node:fs/],
  ['src/store/a.ts', '../providers/provider.ts', /store imports providers/],
  ['src/sinks/a.ts', '../store/b.ts', /sinks imports store/],
  ['src/pipeline/a.ts', '../http/b.ts', /pipeline imports http/],
  ['src/http/a.ts', '../main.ts', /http imports main/],
  ['src/main/a.ts', '../cli.ts', /main imports cli/],
  ['src/store/a.ts', '../../test/support/b.ts', /src imports test/],
  ['src/providers/acme/a.ts', '../other/b.ts', /acme imports other/],
  ['src/stuff/a.ts', './b.ts', /no part of the house/],
] as const) {
  test(`${from} may not import ${to}`, () => {
    assert.match(
      rules.wrongDirection([file(from, `import { b } from '${to}'\n`)])[0]?.rule ?? 'nothing found',
      rule,
    )
  })
}

test('types may cross where values may not', () => {
  assert.deepEqual(
    rules.wrongDirection([file('src/store/a.ts', "import type { B } from '../providers/provider.ts'\n")]),
    [],
  )
  assert.deepEqual(
    rules.wrongDirection([file('src/providers/registry.ts', "import { acme } from './acme/index.ts'\n")]),
    [],
  )
})

for (const [path, text, rule] of [
  ['src/pipeline/a.ts', "import pg from 'pg'\n", /pg outside/],
  ['src/pipeline/process.ts', "import { PgBoss } from 'pg-boss'\n", /pg-boss outside/],
  ['src/pipeline/a.ts', "import express from 'express'\n", /express outside/],
  ['src/http/a.ts', 'const a = process.env.A\n', /the environment outside/],
] as const) {
  test(`${text.trim()} in ${path} is found`, () => {
    assert.match(rules.outOfPlace([file(path, text)])[0]?.rule ?? 'nothing found', rule)
  })
}

test('a clock, chance or output in core is found, and a comment about them is not', () => {
  for (const code of ['Date.now()', 'new Date()', 'Math.random()', 'console.log(1)', "fetch('x')"]) {
    assert.equal(rules.impureCore([file('src/core/a.ts', `export const a = ${code}\n`)]).length, 1, code)
  }
  assert.deepEqual(
    rules.impureCore([file('src/core/a.ts', '// never Date.now()\nexport const a = new Date(0)\n')]),
    [],
  )
})

test('SQL outside store/ is found', () => {
  assert.equal(rules.sqlElsewhere([file('src/http/a.ts', 'db.query(`select a\n from b`)\n')]).length, 1)
  assert.equal(rules.sqlElsewhere([file('src/http/a.ts', "db.query('delete from b')\n")]).length, 1)
  assert.deepEqual(rules.sqlElsewhere([file('src/store/a.ts', 'db.query(`select a from b`)\n')]), [])
  assert.deepEqual(
    rules.sqlElsewhere([file('src/http/a.ts', "// 'select a from b'\nconst a = 'Select an order'\n")]),
    [],
  )
})

test("a provider's name elsewhere is found", () => {
  assert.match(
    rules.providerNames([file('src/pipeline/a.ts', '\nconst a = isStripe(b)\n')])[0]?.at ?? '',
    /a\.ts:2/,
  )
  assert.deepEqual(rules.providerNames([file('src/providers/stripe/a.ts', "const a = 'stripe'\n")]), [])
})

test('a file that nothing imports is found', () => {
  const cli = file('src/cli.ts', "import './a.ts'\n")
  assert.deepEqual(rules.unused([cli, file('src/a.ts', '')]), [])
  assert.equal(rules.unused([cli, file('src/a.ts', ''), file('src/b.ts', '')]).length, 1)
})

test('a crash point that is doubled, or not listed, is found', () => {
  const listed = new Set(['a.b'])
  assert.deepEqual(rules.points([file('src/a.ts', "point('a.b')\n")], listed), [])
  assert.match(
    rules.points([file('src/a.ts', "point('a.b')\npoint('a.b')\n")], listed)[0]?.rule ?? '',
    /also at src\/a\.ts:1/,
  )
  assert.match(rules.points([file('src/a.ts', "point('a.c')\n")], listed)[0]?.rule ?? '', /not on the list/)
})
