import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { transports } from 'winston'
import { createLogger } from '../../src/log.ts'
import { openStorage } from '../../src/main/storage.ts'

test('stopping our own server is no loss of connections, though somebody still holds one', async (t) => {
  const dataDir = mkdtempSync(`${tmpdir()}/ordersync storage-`)
  chmodSync(dataDir, 0o755) // the server's account goes through it
  t.after(() => {
    const note = `${dataDir}/postgres.elsewhere`
    if (existsSync(note)) rmSync(readFileSync(note, 'utf8').trim(), { recursive: true, force: true })
    rmSync(dataDir, { recursive: true, force: true })
  })
  const lines: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  const log = createLogger({ logLevel: 'info', logFormat: 'json' })
  log.clear().add(new transports.Stream({ stream }))
  const storage = await openStorage({ databaseUrl: undefined, dataDir }, log)
  const held = await storage.db.web.connect()
  const lost = new Promise((resolve) => held.once('error', resolve))
  await storage.close()
  await lost
  assert.deepEqual(
    lines.filter((line) => /"(warn|error)"/.test(line)),
    [],
  )
})
