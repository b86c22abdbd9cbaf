import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { openEmbedded, stopEmbedded } from '../../../src/store/embedded/index.ts'
import { until } from '../../support/wait.ts'

const holder = fileURLToPath(new URL('./holder.ts', import.meta.url))
const isRoot = process.getuid?.() === 0

/** A data directory in a path with a space and a letter beyond ASCII; what runs in it is stopped after the test. */
function dataDirectory(t: TestContext, mode = 0o755): string {
  const path = mkdtempSync(`${tmpdir()}/ordersync ü-`)
  chmodSync(path, mode)
  t.after(async () => {
    await stopEmbedded(path).catch(() => [])
    const note = `${path}/postgres.elsewhere`
    if (existsSync(note)) rmSync(readFileSync(note, 'utf8').trim(), { recursive: true, force: true })
    rmSync(path, { recursive: true, force: true })
  })
  return path
}

/** Another process that uses the server, until it leaves or is killed. */
async function holding(
  t: TestContext,
  dataDir: string,
): Promise<{ child: ChildProcess; url: string; wasRunning: boolean; leave(): Promise<void> }> {
  const child = spawn(process.execPath, [holder, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  return {
    child,
    ...(JSON.parse(line.toString()) as { url: string; wasRunning: boolean }),
    async leave() {
      child.stdin!.write('leave\n')
      await once(child, 'exit')
    },
  }
}

async function ask(url: string, text: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    const result = await client.query<[string]>({ text, rowMode: 'array' })
    return String(result.rows[0]?.[0])
  } finally {
    await client.end()
  }
}

async function isUp(url: string): Promise<boolean> {
  return ask(url, 'select 1').then(
    () => true,
    () => false,
  )
}

function postmaster(dataDir: string): number {
  return Number(readFileSync(`${dataDir}/postgres/data/postmaster.pid`, 'utf8').split('\n')[0])
}

test('it starts durable, not as root, answers only with the password, and stops with its last user', async (t) => {
  const dataDir = dataDirectory(t)
  const embedded = await openEmbedded({ dataDir })
  assert.equal(embedded.wasRunning, false)
  for (const [setting, value] of [
    ['fsync', 'on'],
    ['synchronous_commit', 'on'],
    ['full_page_writes', 'on'],
    ['data_checksums', 'on'],
    ['listen_addresses', '127.0.0.1'],
  ]) {
    assert.equal(await ask(embedded.url, `show ${setting}`), value, setting)
  }
  if (existsSync('/proc')) assert.notEqual(statSync(`/proc/${postmaster(dataDir)}`).uid, 0)
  const stranger = new URL(embedded.url)
  stranger.password = 'guess'
  await assert.rejects(ask(stranger.href, 'select 1'), /password authentication failed/)
  assert.equal(statSync(`${dataDir}/postgres/password`).mode & 0o777, 0o600)
  await embedded.close()
  assert.equal(await isUp(embedded.url), false)
})

test('who is killed leaves the server, its data and its address to the next; the last to leave stops it', async (t) => {
  const dataDir = dataDirectory(t)
  const first = await holding(t, dataDir)
  await ask(first.url, 'create table kept as select 7 as seven')
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const second = await holding(t, dataDir)
  assert.equal(second.wasRunning, true)
  assert.equal(second.url, first.url)
  const third = await holding(t, dataDir)
  await second.leave()
  assert.equal(await ask(third.url, 'select seven from kept'), '7')
  await third.leave()
  assert.equal(await isUp(third.url), false)
})

test('a server that was killed is started again at the same address', async (t) => {
  const dataDir = dataDirectory(t)
  const embedded = await openEmbedded({ dataDir })
  assert.equal(await embedded.revive(), false)
  await ask(embedded.url, 'create table kept as select 7 as seven')
  process.kill(postmaster(dataDir), 'SIGKILL')
  await until('it is noticed and repaired', () => embedded.revive(), { everyMs: 10 })
  assert.equal(await ask(embedded.url, 'select seven from kept'), '7')
  await embedded.close()
})

test('a pid file whose number now belongs to somebody else does not stop a start', async (t) => {
  const dataDir = dataDirectory(t)
  await (await openEmbedded({ dataDir, isDurable: false })).close()
  writeFileSync(`${dataDir}/postgres/data/postmaster.pid`, `${process.pid}\n/elsewhere\n1\n5432\n`)
  const embedded = await openEmbedded({ dataDir, isDurable: false })
  assert.equal(await ask(embedded.url, 'select 1'), '1')
  await embedded.close()
})

test('what a kill left half-made is made anew; foreign files are put aside, not deleted', async (t) => {
  const dataDir = dataDirectory(t)
  const home = `${dataDir}/postgres`
  for (const name of ['pg-18.4.99999', 'data.half.99999', 'data'])
    mkdirSync(`${home}/${name}`, { recursive: true })
  writeFileSync(`${home}/data/somebody's`, 'file')
  writeFileSync(`${home}/lock`, JSON.stringify({ pid: 4_194_303, startedAt: '1' }))
  const embedded = await openEmbedded({ dataDir, isDurable: false })
  assert.equal(await ask(embedded.url, 'select 1'), '1')
  await embedded.close()
  const names = readdirSync(home)
  assert.ok(!names.includes('pg-18.4.99999') && !names.includes('data.half.99999'))
  const aside = names.find((name) => name.startsWith('data.broken-'))
  assert.equal(readFileSync(`${home}/${aside}/somebody's`, 'utf8'), 'file')
})

test('data of another major version is refused and left as it is', async (t) => {
  const dataDir = dataDirectory(t)
  mkdirSync(`${dataDir}/postgres/data`, { recursive: true })
  writeFileSync(`${dataDir}/postgres/data/PG_VERSION`, '16\n')
  await assert.rejects(openEmbedded({ dataDir, isDurable: false }), /made by Postgres 16, and this is 18/)
  assert.equal(readFileSync(`${dataDir}/postgres/data/PG_VERSION`, 'utf8'), '16\n')
})

test('where root alone may go, its server lives below /var/lib and is found there again', {
  skip: !isRoot && 'only root lends its server an account',
}, async (t) => {
  const dataDir = dataDirectory(t, 0o700)
  const first = await openEmbedded({ dataDir, isDurable: false })
  assert.match(readFileSync(`${dataDir}/postgres.elsewhere`, 'utf8'), /^\/var\/lib\/ordersync\//)
  await ask(first.url, 'create table kept as select 7 as seven')
  await first.close()
  const second = await openEmbedded({ dataDir, isDurable: false })
  assert.equal(await ask(second.url, 'select seven from kept'), '7')
  await second.close()
})

test('of many starts at once one starts it and the others attach', async (t) => {
  const dataDir = dataDirectory(t)
  const all = await Promise.all(Array.from({ length: 4 }, () => holding(t, dataDir)))
  assert.equal(all.filter(({ wasRunning }) => !wasRunning).length, 1)
  assert.equal(new Set(all.map(({ url }) => url)).size, 1)
  await Promise.all(all.map(({ leave }) => leave()))
  assert.equal(await isUp(all[0]!.url), false)
})
