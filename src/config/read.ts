import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { ConfigError, type Mistake, pathText } from './problem.ts'

export type ReadFile = {
  /** As written, for messages: a value `env:NAME` is repeated there, what it stands for is not. */
  readonly document: unknown
  /** With every `env:` and `file:` resolved; what resolves to nothing is left out. */
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
}

type Sources = {
  readonly env: { readonly [name: string]: string | undefined }
  /** The generated secret of that name; undefined when there is none yet and none is to be made. */
  readonly generate: (name: string) => string | undefined
}

/**
 * YAML (JSON is YAML) with `env:NAME` and `file:PATH` in place of any string; paths count from the file's own folder.
 * `env:NAME or nothing` leaves the key out when the variable is not set, `env:NAME or generated` makes a secret.
 */
export function readConfigFile(path: string, sources: Sources): ReadFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(path, [
      {
        at: 'the file',
        wrong: `cannot be read (${(error as NodeJS.ErrnoException).code})`,
        expected: 'a readable YAML file',
      },
    ])
  }
  const document = parseDocument(text, { uniqueKeys: true })
  if (document.errors.length > 0) {
    throw new ConfigError(
      path,
      document.errors.map(({ message, linePos }) => ({
        at: `line ${linePos?.[0].line ?? '?'}`,
        wrong: message.split('\n')[0]!.replace(/ at line .*$/, ''),
      })),
    )
  }
  const plain = document.toJS() as unknown
  const mistakes: Mistake[] = []
  return {
    document: plain,
    value: resolved(plain, [], { ...sources, folder: dirname(path), mistakes }),
    mistakes,
  }
}

type Resolving = Sources & { readonly folder: string; readonly mistakes: Mistake[] }

function resolved(value: unknown, path: readonly (string | number)[], on: Resolving): unknown {
  if (typeof value === 'string') return resolvedText(value, path, on)
  if (Array.isArray(value))
    return value
      .map((item, index) => resolved(item, [...path, index], on))
      .filter((item) => item !== undefined)
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, resolved(item, [...path, key], on)] as const,
    )
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined))
  }
  return value
}

function resolvedText(text: string, path: readonly (string | number)[], on: Resolving): string | undefined {
  if (text.startsWith('file:')) {
    try {
      return readFileSync(resolve(on.folder, text.slice(5)), 'utf8').replace(/\r?\n$/, '')
    } catch (error) {
      on.mistakes.push({
        at: pathText(path),
        wrong: `the file ${text.slice(5)} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      })
      return text
    }
  }
  const match = /^env:([A-Za-z_][A-Za-z0-9_]*)(?: or (nothing|generated))?$/.exec(text)
  if (match === null) {
    if (text.startsWith('env:'))
      on.mistakes.push({
        at: pathText(path),
        wrong: `"${text}" names no environment variable`,
        expected: 'env:NAME',
      })
    return text
  }
  const found = on.env[match[1]!]
  if (found) return found
  if (match[2] === 'generated') return on.generate(match[1]!.toLowerCase().replaceAll('_', '-'))
  if (match[2] === undefined) {
    on.mistakes.push({
      at: pathText(path),
      wrong: `the environment variable ${match[1]} is not set`,
      expected: 'it to hold the value',
    })
    return text // the schema's word on it is left out: one mistake, one line
  }
  return undefined
}
