import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let folder: string | undefined

/** A data directory for the systems of this test file, gone when its process ends. */
export function dataFolder(): string {
  if (folder !== undefined) return folder
  const made = mkdtempSync(join(tmpdir(), 'ordersync-data-'))
  process.on('exit', () => rmSync(made, { recursive: true, force: true }))
  folder = made
  return folder
}
