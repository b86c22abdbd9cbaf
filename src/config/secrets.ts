import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

export type Generated = {
  readonly name: string
  readonly value: string
  readonly path: string
  readonly isNew: boolean
}

/** A webhook signing secret of our own making, kept in the data directory; undefined when absent and not to be made. */
export function webhookSecretIn(dataDir: string, name: string, mayGenerate: boolean): Generated | undefined {
  return kept(dataDir, name, mayGenerate, () => `whsec_${randomBytes(32).toString('base64')}`)
}

/** The admin key of an installation that was given none. */
export function adminKeyIn(dataDir: string, mayGenerate: boolean): Generated | undefined {
  return kept(dataDir, 'admin-key', mayGenerate, () => `osk_${randomBytes(32).toString('base64url')}`)
}

function kept(
  dataDir: string,
  name: string,
  mayGenerate: boolean,
  make: () => string,
): Generated | undefined {
  const path = `${dataDir}/${name}`
  const found = read(path)
  if (found !== undefined) return { name, value: found, path, isNew: false }
  if (!mayGenerate) return undefined
  mkdirSync(dataDir, { recursive: true })
  const half = `${path}.${process.pid}`
  const value = make()
  writeFileSync(half, `${value}\n`, { mode: 0o600 })
  try {
    linkSync(half, path) // of two starts at once, one makes it and the other reads it
    return { name, value, path, isNew: true }
  } catch (error) {
    const other = read(path)
    if (other === undefined) throw error
    return { name, value: other, path, isNew: false }
  } finally {
    rmSync(half, { force: true })
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined
  } catch (error) {
    // Only what is not there is made: a secret that cannot be read must not be replaced by another.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
