import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../../src/cli.ts'
import { freePort } from '../support/port.ts'
import { home, ordersync } from './service.ts'

const commands = [
  'start',
  'demo',
  'migrate',
  'doctor',
  'connections list',
  'connections check',
  'connections register',
  'events list',
  'events show',
  'events replay',
  'orders list',
  'orders show',
  'orders history',
  'reconcile',
  'ledger export',
  'ledger verify',
  'keys create',
  'keys list',
  'keys revoke',
  'trigger',
  'openapi',
]

/** In this process: nothing is started by a command line that is only looked at. */
async function usage(parameters: readonly string[]): Promise<{ status: number; out: string }> {
  let out = ''
  const write = (text: string) => {
    out += text
  }
  const status = await run(parameters, { out: write, err: write })
  return { status, out }
}

test('every command of the contract has help, and takes --json', async () => {
  for (const command of commands) {
    const { status, out } = await usage([...command.split(' '), '--help'])
    assert.equal(status, 0, command)
    assert.match(out, new RegExp(`Usage: ordersync ${command}`), command)
    assert.match(out, /--json/, command)
  }
})

for (const wrong of [
  [],
  ['nothing'],
  ['events'],
  ['keys', 'create'],
  ['keys', 'create', '--role', 'king'],
  ['reconcile'],
  ['start', '--role', 'cook'],
  ['orders', 'list', '--limit', 'x'],
  ['orders', 'show'],
  ['events', 'replay'],
  ['events', 'replay', '--dry-run'],
  ['trigger', 'stripe', 'charge.exploded'],
  ['trigger', 'nobody', 'charge.succeeded'],
]) {
  test(`"ordersync ${wrong.join(' ')}" is wrong usage: status 2`, async () => {
    const { status, out } = await usage(wrong)
    assert.equal(status, 2)
    assert.notEqual(out, '')
  })
}

test('a command that needs the service says that it does not answer: status 1', async (t) => {
  const env = { PORT: String(await freePort()), ORDERSYNC_ADMIN_KEY: 'k'.repeat(32) }
  const { status, err } = await ordersync(['orders', 'list'], { cwd: home(t), env })
  assert.equal(status, 1)
  assert.match(err, /the service does not answer at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/)
})

test('without a key it says where one would be looked for: status 1', async (t) => {
  const { status, err } = await ordersync(['orders', 'list'], { cwd: home(t) })
  assert.equal(status, 1)
  assert.match(err, /ORDERSYNC_ADMIN_KEY/)
})

test('wrong usage ends the process with status 2', async (t) => {
  assert.equal((await ordersync(['nothing'], { cwd: home(t) })).status, 2)
})

test('openapi prints the description without a service', async (t) => {
  const { status, out } = await ordersync(['openapi'], { cwd: home(t) })
  assert.equal(status, 0)
  assert.equal(JSON.parse(out).openapi, '3.1.0')
})
