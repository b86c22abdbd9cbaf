import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Provider } from '../../src/providers/provider.ts'
import { copyWith } from '../support/mutants.ts'

/** A mistake planted in the source: `from` must stand exactly once in the provider's `file`. */
export type Mistake = { readonly file: string; readonly from: string; readonly to: string }

/** The provider as it would be with a mistake in it: loaded from a patched copy, which is gone after `work`. */
export async function withMistake(
  name: string,
  { file, from, to }: Mistake,
  work: (provider: Provider) => Promise<void>,
): Promise<void> {
  const path = `src/providers/${name}/${file}`
  const copy = copyWith({ id: `a mistake in ${path}`, file: path, find: from, replace: to }, [
    'src',
    'package.json',
  ])
  try {
    const { providers } = await import(pathToFileURL(join(copy, 'src/providers/registry.ts')).href)
    await work(providers.get(name))
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
