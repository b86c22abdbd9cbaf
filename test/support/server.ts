import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { openEmbedded } from '../../src/store/embedded/index.ts'

const folder = `ordersync-test-${userInfo().uid}`
let opened: Promise<{ url: string; close(): Promise<void> }> | undefined

/**
 * One Postgres for all test files and runs of this user, found by its folder: the first asks for it, the last to leave
 * stops it. Not durable. `ORDERSYNC_TEST_DATABASE_URL` names another instead.
 */
export async function testServer(): Promise<string> {
  const given = process.env.ORDERSYNC_TEST_DATABASE_URL
  if (given !== undefined) return given
  opened ??= openEmbedded({
    dataDir: `${placeOfTestData()}/${folder}`,
    isDurable: false,
  })
  return (await opened).url
}

/**
 * In memory where there is room: a database for each test is a thousand small files made and deleted, on a disk's file
 * system half of a test's time. Not where nothing may be executed, as in a container: the programs lie beside the data.
 * Once the folder is there it stays the one, however much room is left.
 */
function placeOfTestData(): string {
  const memory = '/dev/shm'
  if (!existsSync('/proc/self/mounts') || !existsSync(memory)) return tmpdir()
  const mount = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === memory)
  if (mount === undefined || mount.includes('noexec')) return tmpdir()
  const { bavail, bsize } = statfsSync(memory)
  const isRoomy = bavail * bsize >= 4 * 1024 ** 3
  return isRoomy || existsSync(`${memory}/${folder}`) ? memory : tmpdir()
}

/** Happens by itself when a process has nothing more to do; for one that ends by `process.exit`. */
export async function leaveTestServer(): Promise<void> {
  await (await opened)?.close()
  opened = undefined
}

// After every hook of the file, whichever was registered first: they may still drop their databases.
process.once('beforeExit', leaveTestServer)
