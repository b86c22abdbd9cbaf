import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder with package.json, the same whether we run from src/ or from dist/. Ends in a slash. */
export const packageRoot: string = fileURLToPath(new URL('../', import.meta.url))

/** A file of the package that is read from disk: SQL, HTML, the default configuration. */
export function packageFile(path: string): string {
  return packageRoot + path
}

/** The version in package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version
}
