import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { openEmbedded } from '../../src/store/embedded/index.ts'
import { emptyDatabase } from '../support/database.ts'
import { freePort } from '../support/port.ts'
import { until } from '../support/wait.ts'
import { home, ordersync, start } from './service.ts'

function serverPid(cwd: string): number {
  return Number(readFileSync(`${cwd}/.ordersync/postgres/data/postmaster.pid`, 'utf8').split('\n')[0])
}

test('with nothing configured it serves, shows its secrets once, and takes what is signed with them', async (t) => {
  const cwd = home(t)
  const port = await freePort()
  const service = await start(t, port, { cwd })
  const key = /admin-key {2}(osk_\S+)/.exec(service.err())?.[1]
  assert.equal(key, readFileSync(`${cwd}/.ordersync/admin-key`, 'utf8').trim())
  assert.equal(statSync(`${cwd}/.ordersync/admin-key`).mode & 0o777, 0o600)
  assert.equal(statSync(`${cwd}/.ordersync/stripe-webhook-secret`).mode & 0o777, 0o600)
  for (const line of service.out().trim().split('\n')) assert.ok(JSON.parse(line).message, line)
  assert.doesNotMatch(service.out(), /osk_|whsec_/)
  const sent = await ordersync(['trigger', 'stripe', 'charge.succeeded', '--json'], {
    cwd,
    env: { PORT: String(port) },
  })
  assert.equal(sent.status, 0, sent.err)
  const shown = await until('the order is paid', async () => {
    const { out } = await ordersync(['orders', 'list', '--json'], { cwd, env: { PORT: String(port) } })
    return out.includes('"payment_status": "paid"') && out
  })
  assert.equal(JSON.parse(shown).data.length, 1)
  const unauthorised = await fetch(`${service.url}/api/v1/orders`)
  assert.equal(unauthorised.status, 401)
  service.child.kill('SIGTERM')
  assert.equal(await service.ended, 0)
  const again = await start(t, port, { cwd })
  assert.doesNotMatch(again.err(), /osk_|whsec_/)
  again.child.kill('SIGTERM')
  assert.equal(await again.ended, 0)
  assert.ok(!existsSync(`${cwd}/.ordersync/postgres/data/postmaster.pid`), 'its Postgres has gone with it')
})

test('after a kill -9 the next start goes on with the same data', async (t) => {
  const cwd = home(t)
  const port = await freePort()
  const first = await start(t, port, { cwd })
  await ordersync(['trigger', 'stripe', 'charge.succeeded'], { cwd, env: { PORT: String(port) } })
  first.child.kill('SIGKILL')
  assert.equal(await first.ended, 'SIGKILL')
  const second = await start(t, port, { cwd })
  assert.match(second.out(), /"attached"/)
  await until('the order is there', async () => {
    const { out } = await ordersync(['orders', 'list', '--json'], { cwd, env: { PORT: String(port) } })
    return out.includes('"paid"')
  })
  second.child.kill('SIGINT')
  assert.equal(await second.ended, 0)
})

test('an embedded Postgres that dies is started again, and readiness says no meanwhile', async (t) => {
  const cwd = home(t)
  const port = await freePort()
  const service = await start(t, port, { cwd })
  process.kill(serverPid(cwd), 'SIGKILL')
  await until('readiness says no', async () => !(await service.isReady()), { everyMs: 5 })
  await until('it is ready again', () => service.isReady())
  const sent = await ordersync(['trigger', 'stripe', 'charge.succeeded'], {
    cwd,
    env: { PORT: String(port) },
  })
  assert.equal(sent.status, 0, sent.err)
  service.child.kill('SIGTERM')
  assert.equal(await service.ended, 0)
})

test('web, worker and reconciler can be processes of their own on one database', async (t) => {
  const cwd = home(t)
  const env = { DATABASE_URL: await emptyDatabase(t), ORDERSYNC_ADMIN_KEY: 'k'.repeat(32) }
  const port = await freePort()
  const web = await start(t, port, { cwd, env }, ['--role', 'web'])
  await ordersync(['trigger', 'stripe', 'charge.succeeded'], { cwd, env: { ...env, PORT: String(port) } })
  const worker = await start(t, port, { cwd, env }, ['--role', 'worker,reconciler'])
  await until('the worker has done what the web took', async () => {
    const { out } = await ordersync(['orders', 'list', '--json'], {
      cwd,
      env: { ...env, PORT: String(port) },
    })
    return out.includes('"paid"')
  })
  for (const one of [worker, web]) {
    one.child.kill('SIGTERM')
    assert.equal(await one.ended, 0)
  }
  assert.ok(!existsSync(`${cwd}/.ordersync/postgres`))
})

test('a port in use ends the start with a sentence, and leaves no server behind', async (t) => {
  const cwd = home(t)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as { port: number }
  const { status, err } = await ordersync(['start'], { cwd, env: { PORT: String(port) } })
  assert.equal(status, 1)
  assert.match(err, new RegExp(`port ${port} of 127\\.0\\.0\\.1 is in use`))
  assert.ok(!existsSync(`${cwd}/.ordersync/postgres/data/postmaster.pid`))
})

test('a wrong configuration ends the start with every mistake and status 1, before anything runs', async (t) => {
  const cwd = home(t)
  const { status, err } = await ordersync(['start'], {
    cwd,
    env: { PORT: 'x', ORDERSYNC_CONFIG: 'nowhere.yaml' },
  })
  assert.equal(status, 1)
  assert.match(err, /nowhere\.yaml/)
  assert.doesNotMatch(err, /\n {4}at /)
  assert.ok(!existsSync(`${cwd}/.ordersync/postgres`))
})

test('keys, migrate and ledger verify work while nothing runs', async (t) => {
  const cwd = home(t)
  const migrated = await ordersync(['migrate', '--json'], { cwd })
  assert.match(migrated.out, /0001_the_line\.sql/)
  const made = JSON.parse((await ordersync(['keys', 'create', '--role', 'viewer', '--json'], { cwd })).out)
  assert.deepEqual(Object.keys(made), ['id', 'key', 'prefix', 'role'])
  assert.equal(made.role, 'viewer')
  assert.equal((await ordersync(['keys', 'revoke', made.id], { cwd })).status, 0)
  assert.equal((await ordersync(['keys', 'revoke', 'key_none'], { cwd })).status, 1)
  const listed = JSON.parse((await ordersync(['keys', 'list', '--json'], { cwd })).out)
  assert.ok(listed.data[0].revoked_at)
  assert.equal((await ordersync(['ledger', 'verify'], { cwd })).status, 0)
  const cut = await ordersync(['ledger', 'verify', '--head', 'ab'.repeat(32)], { cwd })
  assert.equal(cut.status, 1)
  assert.match(cut.err, /no link has the hash/)
  const embedded = await openEmbedded({ dataDir: `${cwd}/.ordersync` })
  assert.equal(embedded.wasRunning, false, 'each command stopped the server that it had started')
  await embedded.close()
})
