import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Provider } from '../../src/providers/provider.ts'

/** A mistake planted in the source: `from` must stand exactly once in the provider's `file`. */
export type Mistake = { readonly file: string; readonly from: string | RegExp; readonly to: string }

const root = join(import.meta.dirname, '../..')

/** The provider as it would be with a mistake in it: loaded from a patched copy, which is gone after `work`. */
export async function withMistake(
  name: string,
  { file, from, to }: Mistake,
  work: (provider: Provider) => Promise<void>,
): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'ordersync-mistake-'))
  try {
    for (const folder of ['core', 'providers'])
      cpSync(join(root, 'src', folder), join(copy, 'src', folder), { recursive: true })
    cpSync(join(root, 'package.json'), join(copy, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    const path = join(copy, 'src/providers', name, file)
    const source = readFileSync(path, 'utf8')
    if (source.split(from).length !== 2)
      throw new Error(`${file} does not hold ${from} exactly once: mend the control`)
    writeFileSync(
      path,
      source.replace(from, () => to),
    )
    const { providers } = await import(pathToFileURL(join(copy, 'src/providers/registry.ts')).href)
    await work(providers.get(name))
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
