import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { problems } from '../../../src/http/problem.ts'
import { packageFile } from '../../../src/package-root.ts'
import { askWith, startAdmin } from './support.ts'

test('each problem has a page, each page a problem, and each says its status, what it means and what to do', () => {
  const pages = readdirSync(packageFile('docs/problems')).map((name) => name.replace(/\.md$/, ''))
  assert.deepEqual(pages.toSorted(), Object.keys(problems).toSorted())
  for (const [code, { status }] of Object.entries(problems)) {
    const page = readFileSync(packageFile(`docs/problems/${code}.md`), 'utf8')
    assert.ok(page.startsWith(`# ${code}\n`), code)
    assert.match(page, new RegExp(`Status ${status}\\.`), code)
    for (const part of ['## What it means', '## What to do'])
      assert.ok(page.includes(part), `${code} lacks ${part}`)
  }
})

test('pages load without a key, run no inline code, and their files are there', async (t) => {
  const { url } = await startAdmin(t)
  for (const path of ['/admin', '/docs']) {
    const response = await fetch(url + path)
    const html = await response.text()
    assert.equal(response.status, 200)
    const policy = response.headers.get('content-security-policy')!
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ])
      assert.ok(policy.includes(rule), rule)
    assert.ok(!policy.includes('unsafe'))
    assert.ok(
      !/<script(?![^>]*\bsrc=)|\son\w+=|style=|javascript:|https?:\/\//.test(html),
      `${path} has inline code or loads from elsewhere`,
    )
    for (const [, file] of html.matchAll(/(?:src|href)="(\/[^"#]+)"/g))
      assert.equal((await fetch(url + file)).status, 200, file)
  }
  for (const file of [
    'admin/admin.js',
    'admin/dom.js',
    'admin/event.js',
    'admin/order.js',
    'docs/docs.js',
  ].map((name) => `/${name}`)) {
    assert.ok(
      !/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/.test(
        await (await fetch(url + file)).text(),
      ),
      `${file} sets markup`,
    )
  }
  assert.match((await fetch(`${url}/admin/admin.js`)).headers.get('content-type')!, /javascript/)
})

test('the addresses that messages link to lead to the page that shows it', async (t) => {
  const { url } = await startAdmin(t)
  for (const path of ['/orders/ord_1', '/events/evt_1', '/orders/a%2Fb%23c']) {
    const response = await fetch(`${url}/admin${path}`, { redirect: 'manual' })
    assert.equal(response.status, 302)
    assert.equal(response.headers.get('location'), `/admin#${path}`)
  }
})

test('the type of a problem leads to its page; other names lead nowhere', async (t) => {
  const admin = await startAdmin(t)
  const { body } = await askWith(admin.url, undefined)('GET', '/orders')
  const page = await fetch(admin.url + body.type)
  assert.equal(page.status, 200)
  assert.match(await page.text(), /^# unauthorized/)
  for (const name of ['nothing', '..%2F..%2FREADME', 'constructor'])
    assert.equal((await fetch(`${admin.url}/docs/problems/${name}`)).status, 404, name)
})

test('unknown paths and methods are problems, and say what is allowed', async (t) => {
  const admin = await startAdmin(t)
  const wrong = await admin.ask('DELETE', '/orders')
  assert.equal(wrong.status, 405)
  assert.equal(wrong.headers.get('allow'), 'GET, HEAD')
  assert.equal((await admin.get('/nothing')).status, 404)
  assert.equal((await admin.get('/orders/')).status, 404)
  assert.equal((await askWith(admin.url, undefined)('GET', '/nothing')).status, 401)
  for (const path of ['/orders/%E0%A4%A', '/orders/%00'])
    assert.ok([400, 404].includes((await admin.get(path)).status), path)
  const { headers } = await admin.get('/orders')
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.equal(headers.get('x-powered-by'), null)
})

test('when the database is away the answer is 503 and says nothing of it', async (t) => {
  const admin = await startAdmin(t)
  const { db } = admin.system
  Object.defineProperty(db, 'web', {
    value: {
      query: () =>
        Promise.reject(
          Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }),
        ),
      connect: () => Promise.reject(Object.assign(new Error('x'), { code: '57P03' })),
      end: () => Promise.resolve(),
    },
  })
  const answer = await admin.get('/orders')
  assert.equal(answer.status, 503)
  assert.equal(answer.body.code, 'unavailable')
  assert.ok(answer.headers.get('retry-after'))
  assert.ok(!answer.bytes.includes('5432'))
})
