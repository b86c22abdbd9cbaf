import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { type TestContext, test } from 'node:test'
import { ConfigError, type LoadedConfig, loadConfig } from '../../src/config.ts'

const check = (): string[] => []
const stock = () => Promise.reject(new Error('no call is made here'))
const providers = new Map([
  ['stripe', { check }],
  ['paypal', { check }],
  ['shopify', { check, write: { stock } }],
])
const minimal =
  'connections: [{ id: a, provider: stripe, mode: test, speaksFor: [payment], webhookSecrets: [s3cret] }]\n'

function folder(t: TestContext): string {
  const path = mkdtempSync(`${tmpdir()}/ordersync config-`)
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

function load(
  t: TestContext,
  yaml: string | undefined,
  env: Record<string, string> = {},
  mayGenerate = false,
): LoadedConfig {
  const cwd = folder(t)
  mkdirSync(`${cwd}/config`)
  if (yaml !== undefined) writeFileSync(`${cwd}/config/ordersync.yaml`, yaml)
  return loadConfig({ env, cwd, providers, mayGenerate, isTerminal: false })
}

function mistakes(t: TestContext, yaml: string, env: Record<string, string> = {}): string {
  try {
    load(t, yaml, env)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message
  }
  throw new assert.AssertionError({ message: 'the configuration was taken' })
}

test('what a file leaves out has the defaults of the contract', (t) => {
  const { config } = load(t, minimal)
  assert.equal(config.port, 8080)
  assert.equal(config.host, '127.0.0.1')
  assert.equal(config.databaseUrl, undefined)
  assert.match(config.dataDir, /\/\.ordersync$/)
  assert.equal(config.logFormat, 'json')
  assert.deepEqual(config.reconcile, {
    everyMs: 300_000,
    onStart: true,
    overlapMs: 7_200_000,
    lookbackMs: 259_200_000,
    giveUpAfterMs: 60_000,
  })
  assert.deepEqual(config.limits, {
    bodyBytes: 2_097_152,
    pendingWrites: 5000,
    pendingBytes: 67_108_864,
    waitMs: 3000,
    failedVerificationsPerMinute: 100,
  })
  assert.deepEqual(config.retention, { payloadsMs: 400 * 86_400_000, deliveriesMs: 90 * 86_400_000 })
  assert.deepEqual(config.security, { trustProxy: 0, allowPrivateTargets: false })
  assert.deepEqual(config.sinks, { outgoing: [] })
  assert.equal(config.effects.since, 'first-start')
  const [connection] = config.connections
  assert.equal(connection?.account, 'a')
  assert.equal(connection?.toleranceSeconds, 300)
})

test('the example names every key of the contract and is taken as it stands', () => {
  const { config } = loadConfig({
    env: {
      ORDERSYNC_CONFIG: 'config/ordersync.example.yaml',
      STRIPE_WEBHOOK_SECRET: 'whsec_x',
      STRIPE_API_KEY: 'sk_test_x',
    },
    providers,
  })
  assert.deepEqual(config.connections[0]?.orderReference, ['metadata.order_id', 'client_reference_id'])
  assert.equal(config.sinks.accounting?.accounts.sales, 'Income:Sales')
  assert.equal(config.sinks.accounting?.accounts.fees, 'Expenses:Fees:{c}')
  assert.equal(config.sinks.receipt?.waitForMs, 600_000)
})

test('without a file one connection serves, its secret made once and kept for its owner alone', (t) => {
  const cwd = folder(t)
  assert.deepEqual(loadConfig({ env: {}, cwd, providers }).config.connections[0]?.webhookSecrets, [])
  const first = loadConfig({ env: {}, cwd, providers, mayGenerate: true })
  const [made] = first.generated
  assert.match(made?.value ?? '', /^whsec_[A-Za-z0-9+/]{43}=$/)
  assert.equal(statSync(made!.path).mode & 0o777, 0o600)
  const second = loadConfig({ env: {}, cwd, providers, mayGenerate: true })
  assert.deepEqual(second.generated, [])
  assert.deepEqual(second.config.connections[0]?.webhookSecrets, [made?.value])
  const given = loadConfig({
    env: { STRIPE_WEBHOOK_SECRET: 'whsec_mine' },
    cwd,
    providers,
    mayGenerate: true,
  })
  assert.deepEqual(given.config.connections[0]?.webhookSecrets, ['whsec_mine'])
  assert.equal(given.config.connections[0]?.apiKey, undefined)
})

test('any string may stand in the environment or in a file', (t) => {
  const cwd = folder(t)
  writeFileSync(`${cwd}/secret`, 'from a file\n')
  writeFileSync(
    `${cwd}/c.yaml`,
    'connections: [{ id: env:ID, provider: stripe, mode: test, speaksFor: [order], webhookSecrets: [env:A, file:secret] }]\nlimits: { bodyBytes: env:B }\n',
  )
  const { config } = loadConfig({
    env: { ORDERSYNC_CONFIG: `${cwd}/c.yaml`, ID: 'x', A: 'from the environment', B: '2048' },
    cwd,
    providers,
  })
  assert.deepEqual(config.connections[0]?.webhookSecrets, ['from the environment', 'from a file'])
  assert.equal(config.limits.bodyBytes, 2048)
})

test('every mistake is in one message, with the key, what is wrong and what was expected', (t) => {
  const text = mistakes(
    t,
    `connections:
  - { id: A_b, provider: stripe, mode: prod, speaksFor: [], webhookSecrets: [env:NOPE], wat: 1, allowIps: [1.2.3.4/99] }
limits: { bodybytes: 3 }
reconcile: { every: 5 minutes }
`,
    { PORT: '99999', ORDERSYNC_ADMIN_KEY: 'short' },
  )
  for (const expected of [
    /^ {2}PORT: .*0 to 65535$/m,
    /^ {2}ORDERSYNC_ADMIN_KEY: .*at least 32 characters$/m,
    /^ {2}connections\[0\]\.id: "A_b" is not possible; expected a name/m,
    /^ {2}connections\[0\]\.mode: "prod" is not possible; expected test or live$/m,
    /^ {2}connections\[0\]\.speaksFor: .*at least one of order/m,
    /^ {2}connections\[0\]\.webhookSecrets\[0\]: the environment variable NOPE is not set/m,
    /^ {2}connections\[0\]\.wat: unknown key; expected one of id, /m,
    /^ {2}connections\[0\]\.allowIps\[0\]: /m,
    /^ {2}limits\.bodybytes: unknown key; expected one of bodyBytes, /m,
    /^ {2}reconcile\.every: "5 minutes" is not possible; expected a duration such as/m,
  ]) {
    assert.match(text, expected)
  }
})

test('what a provider objects to stands at its key, each objection by itself', (t) => {
  const check = () => ['webhookId: is missing', 'clientSecret: is missing', 'nothing of it fits']
  const cwd = folder(t)
  mkdirSync(`${cwd}/config`)
  writeFileSync(`${cwd}/config/ordersync.yaml`, minimal)
  assert.throws(
    () => loadConfig({ env: {}, cwd, providers: new Map([['stripe', { check }]]), isTerminal: false }),
    (error: Error) => {
      const lines = error.message.split('\n').slice(1)
      assert.deepEqual(lines, [
        '  connections[0].webhookId: is missing',
        '  connections[0].clientSecret: is missing',
        '  connections[0]: nothing of it fits',
      ])
      return true
    },
  )
})

test('a number and a currency that are none say what was expected', (t) => {
  const tolerance = mistakes(t, minimal.replace(' }]', ', toleranceSeconds: soon }]'))
  assert.match(tolerance, /toleranceSeconds: "soon" is not possible; expected a whole number of at least 1/)
  const { config } = load(t, minimal.replace(' }]', ', toleranceSeconds: 100000000 }]'))
  assert.equal(config.connections[0]?.toleranceSeconds, 100_000_000)
  const currency = mistakes(t, `${minimal}sinks: { accounting: { kind: internal, baseCurrency: XQZ } }`)
  assert.match(currency, /baseCurrency: "XQZ" is not possible; expected a currency of ISO 4217/)
})

test('no secret is repeated in a message', (t) => {
  const text = mistakes(
    t,
    minimal.replace('s3cret', 'sk_live_hush').replace('}]', ', apiKey: 7, wat: x }]'),
    { ORDERSYNC_ENCRYPTION_KEY: 'hush' },
  )
  assert.doesNotMatch(text, /hush/)
  assert.match(text, /ORDERSYNC_ENCRYPTION_KEY/)
})

for (const [wrong, words] of [
  ['we_1Abc', /this is the id of an endpoint/],
  ['sk_test_abc', /this is an API key/],
  ['rk_live_abc', /this is an API key/],
] as const) {
  test(`C44 ${wrong} in place of a signing secret is refused in words`, (t) => {
    assert.match(mistakes(t, minimal.replace('s3cret', wrong)), words)
  })
}

test('C44 one secret for a test and a live connection is refused', (t) => {
  const both = `connections:
  - { id: a, provider: stripe, mode: test, speaksFor: [payment], webhookSecrets: [same] }
  - { id: b, provider: stripe, mode: live, speaksFor: [payment], webhookSecrets: [same] }
`
  assert.match(mistakes(t, both), /connections\[1\]\.webhookSecrets\[0\]: the same secret as connection "a"/)
})

test('connections have names of their own and lead to ones that exist', (t) => {
  const text = mistakes(
    t,
    `connections:
  - { id: a, provider: stripe, mode: test, speaksFor: [payment], ordersFrom: [shop, gone] }
  - { id: a, provider: acme, mode: test, speaksFor: [payment] }
  - { id: shop, provider: shopify, mode: live, speaksFor: [order] }
`,
  )
  assert.match(text, /connections\[1\]\.id: "a" is there twice/)
  assert.match(
    text,
    /connections\[1\]\.provider: "acme" is not known to this version; expected one of stripe, paypal, shopify/,
  )
  assert.match(text, /connections\[0\]\.ordersFrom\[0\]/)
  assert.match(text, /connections\[0\]\.ordersFrom\[1\]/)
})

for (const url of [
  'https://127.0.0.1/x',
  'https://10.1.2.3/x',
  'https://[::1]/x',
  'https://2130706433/',
  'https://localhost/x',
  'https://db.internal/x',
  'http://wms.example/x',
]) {
  test(`a target at ${url} is refused unless private targets are allowed`, (t) => {
    const yaml = `${minimal}sinks: { fulfillment: { url: "${url}", secret: whsec_MDEyMzQ1Njc4OWFiY2RlZg== } }\n`
    assert.match(mistakes(t, yaml), /sinks\.fulfillment\.url: .*allowPrivateTargets/)
    const { config } = load(t, `${yaml}security: { allowPrivateTargets: true }\n`)
    assert.equal(config.sinks.fulfillment?.url, url)
  })
}

test('keys that one provider has go to that provider', (t) => {
  const { config } = load(
    t,
    'connections: [{ id: p, provider: paypal, mode: test, speaksFor: [payment], webhookId: W, clientId: C, verify: postback }]\n',
  )
  assert.deepEqual(config.connections[0]?.extra, { webhookId: 'W', clientId: 'C', verify: 'postback' })
  const shop = load(
    t,
    'connections: [{ id: s, provider: shopify, mode: test, speaksFor: [order], shop: x.myshopify.com, gateways: { manual: shop, Stripe: p }, location: 655441491 }]\n',
  )
  assert.deepEqual(shop.config.connections[0]?.extra, {
    shop: 'x.myshopify.com',
    gateways: { manual: 'shop', Stripe: 'p' },
    location: '655441491',
  })
})

test('stock is kept in step with the shop that is named, else with the first of that kind', (t) => {
  const shop = (id: string) =>
    `{ id: ${id}, provider: shopify, mode: test, speaksFor: [order], shop: ${id}.myshopify.com, webhookSecrets: [s], accessToken: shpat_x }`
  const file = (sink: string, ...shops: string[]) =>
    `connections: [${shops.map(shop).join(', ')}]\nsinks: { inventory: { ${sink} } }\n`
  const keptIn = (yaml: string) => load(t, yaml).config.sinks.inventory?.connection
  assert.equal(keptIn(file('kind: shopify', 'a', 'b')), 'a')
  assert.equal(keptIn(file('kind: shopify, connection: b', 'a', 'b')), 'b')
  assert.equal(keptIn(file('kind: internal', 'a')), undefined)
  assert.match(mistakes(t, file('kind: woocommerce', 'a')), /sinks\.inventory: .*keeps stock/)
  assert.match(mistakes(t, file('kind: shopify, connection: c', 'a')), /sinks\.inventory: .*keeps stock/)
})

test('what the books decide otherwise reaches them', (t) => {
  const { config } = load(
    t,
    `${minimal}sinks: { accounting: { kind: internal, recognise: fulfillment, taxAt: capture, discounts: net, lostDisputes: returns, feeTax: fees } }\n`,
  )
  const { recognise, taxAt, discounts, lostDisputes, feeTax } = config.sinks.accounting!
  assert.deepEqual(
    [recognise, taxAt, discounts, lostDisputes, feeTax],
    ['fulfillment', 'capture', 'net', 'returns', 'fees'],
  )
})

test('a chart that no program could read, or that puts two things together, stops the start', (t) => {
  const chart = (accounts: string) =>
    mistakes(t, `${minimal}sinks: { accounting: { kind: internal, accounts: ${accounts} } }\n`)
  assert.match(chart('{ sales: Sales }'), /accounts\.sales: .*expected an account name such as Income:Sales/)
  assert.match(chart('{ bank: "Assets:Bank:" }'), /accounts\.bank/)
  assert.match(chart('{ banks: "Assets:Bank" }'), /accounts\.banks: unknown key/)
  assert.match(chart('{ bank: "Assets:Transit" }'), /accounts\.bank: "Assets:Transit" is also transit/)
  const { config } = load(
    t,
    `${minimal}sinks: { accounting: { kind: internal, accounts: { disputeFees: "Expenses:Fees:{c}" } } }\n`,
  )
  assert.equal(config.sinks.accounting!.accounts.disputeFees, 'Expenses:Fees:{c}')
})

test('books are pushed once everything is there that it takes; until then the start says what lacks', (t) => {
  const push = (keys: string) =>
    load(t, `${minimal}sinks: { accounting: { kind: internal, push: { to: xero, by: day${keys} } } }\n`)
  const bare = push('')
  assert.equal(bare.config.sinks.accounting!.push, undefined)
  assert.ok(
    bare.warnings.includes(
      'sinks.accounting.push: nothing is pushed without clientId, clientSecret, refreshToken, company',
    ),
  )
  const { config, warnings } = push(
    ', clientId: a, clientSecret: b, refreshToken: c, company: d, accounts: { Income: 200 }',
  )
  assert.deepEqual(config.sinks.accounting!.push!.accounts, { Income: '200' })
  assert.ok(!warnings.some((warning) => warning.includes('push')))
})

test('a file that is no YAML, or not there, says so with its path', (t) => {
  assert.match(mistakes(t, 'connections: [}'), /config\/ordersync\.yaml.*\n {2}line 1: /)
  assert.match(mistakes(t, 'a: 1\na: 2\n'), /line 2: .*unique/i)
  assert.throws(
    () => loadConfig({ env: { ORDERSYNC_CONFIG: 'nowhere.yaml' }, providers }),
    /nowhere\.yaml.*\n {2}the file: cannot be read \(ENOENT\)/,
  )
})

test('a kept secret that cannot be read is not made anew over it', {
  skip: process.getuid?.() === 0 && 'root reads everything',
}, (t) => {
  const cwd = folder(t)
  const { generated } = loadConfig({ env: {}, cwd, providers, mayGenerate: true })
  const before = readFileSync(generated[0]!.path, 'utf8')
  chmodSync(generated[0]!.path, 0)
  assert.throws(() => loadConfig({ env: {}, cwd, providers, mayGenerate: true }))
  chmodSync(generated[0]!.path, 0o600)
  assert.equal(readFileSync(generated[0]!.path, 'utf8'), before)
})
