import { existsSync, statfsSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { openEmbedded } from '../../src/store/embedded/index.ts'

let opened: Promise<{ url: string; close(): Promise<void> }> | undefined

/**
 * One Postgres for all test files and runs of this user, found by its folder in memory, or under the system's temporary directory:
 * the first asks for it, the last to leave stops it. Not durable. `ORDERSYNC_TEST_DATABASE_URL` names another instead.
 */
export async function testServer(): Promise<string> {
  const given = process.env.ORDERSYNC_TEST_DATABASE_URL
  if (given !== undefined) return given
  opened ??= openEmbedded({
    dataDir: `${placeOfTestData()}/ordersync-test-${userInfo().uid}`,
    isDurable: false,
  })
  return (await opened).url
}

/** A database for each test is a thousand small files made and deleted: on a disk's file system half of a test's time. */
function placeOfTestData(): string {
  const memory = '/dev/shm'
  if (!existsSync(memory)) return tmpdir()
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize >= 4 * 1024 ** 3 ? memory : tmpdir()
}

/** Happens by itself when a process has nothing more to do; for one that ends by `process.exit`. */
export async function leaveTestServer(): Promise<void> {
  await (await opened)?.close()
  opened = undefined
}

// After every hook of the file, whichever was registered first: they may still drop their databases.
process.once('beforeExit', leaveTestServer)
