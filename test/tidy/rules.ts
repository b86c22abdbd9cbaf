import { codeOf, functionsOf, importsOf, lineAt, type Source } from './source.ts'

/** One breach: where, which rule, and what to do about it. */
export type Breach = { readonly at: string; readonly rule: string; readonly remedy: string }

const fileLinesMax = 300
const functionLinesMax = 70

export function tooLong(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap((source) => {
    const lines = source.text.trimEnd().split('\n').length
    const files =
      lines <= fileLinesMax
        ? []
        : [
            {
              at: `${source.path}:1`,
              rule: `${lines} lines in a file`,
              remedy: `split it where it answers two questions; ${fileLinesMax} at most`,
            },
          ]
    const functions = functionsOf(source)
      .filter((block) => block.lines > functionLinesMax)
      .map((block) => ({
        at: `${source.path}:${block.line}`,
        rule: `${block.lines} lines in a function`,
        remedy: `name its parts; ${functionLinesMax} at most`,
      }))
    return [...files, ...functions]
  })
}

// core ← providers, store, sinks ← pipeline ← http ← main ← cli. What an area may import besides its own folder; `type `
// in front: types alone. The sandbox stands beside all of them and drives the service from outside.
const mayImport: { readonly [area: string]: readonly string[] } = {
  core: [],
  providers: ['core', 'type config'],
  store: ['core', 'package-root', 'type config', 'type providers'],
  sinks: ['core', 'type config', 'type providers'],
  'package-root': [],
  config: ['core', 'sinks', 'package-root', 'type providers'],
  log: ['type config'],
  pipeline: ['core', 'providers', 'store', 'sinks', 'package-root', 'type config'],
  http: ['core', 'store', 'pipeline', 'package-root', 'config', 'type providers', 'type sinks'],
  main: ['core', 'providers', 'store', 'sinks', 'pipeline', 'http', 'config', 'log', 'package-root'],
  sandbox: ['core', 'providers', 'store', 'pipeline', 'http', 'config', 'log', 'main', 'package-root'],
  cli: [
    'core',
    'providers',
    'store',
    'sinks',
    'pipeline',
    'http',
    'config',
    'log',
    'main',
    'sandbox',
    'package-root',
  ],
}

export function wrongDirection(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap((source) => {
    const area = areaOf(source.path)
    const allowed = mayImport[area]
    if (allowed === undefined)
      return [
        {
          at: `${source.path}:1`,
          rule: `"${area}" is no part of the house`,
          remedy: 'put the file where its work belongs (docs in CONTRIBUTING.md)',
        },
      ]
    return importsOf(source).flatMap(({ target, line, isType }) => {
      const at = `${source.path}:${line}`
      if (!target.startsWith('src/')) return outside(target, area, at)
      const to = areaOf(target)
      if (to === area) return otherProvider(source.path, target, at)
      if (allowed.includes(to) || (isType && allowed.includes(`type ${to}`))) return []
      return [
        { at, rule: `${area} imports ${to}`, remedy: 'let the caller hand it in; imports point one way' },
      ]
    })
  })
}

function outside(target: string, area: string, at: string): readonly Breach[] {
  if (/^(test|bench|prove|scripts|dist)\//.test(target))
    return [{ at, rule: `src imports ${target}`, remedy: 'the product knows nothing of its tests' }]
  if (area === 'core')
    return [{ at, rule: `core imports ${target}`, remedy: 'core is pure: take what it gives as an argument' }]
  return []
}

/** Two folders below providers/ never meet; only the registry knows them all. */
function otherProvider(path: string, target: string, at: string): readonly Breach[] {
  const [, own] = /^src\/providers\/([^/]+)\//.exec(path) ?? []
  const [, other] = /^src\/providers\/([^/]+)\//.exec(target) ?? []
  if (other === undefined || own === other || other === 'reading' || path === 'src/providers/registry.ts')
    return []
  return [
    {
      at,
      rule: `${own ?? 'providers'} imports ${other}`,
      remedy: 'a provider is one folder; share through core',
    },
  ]
}

function areaOf(path: string): string {
  return path.split('/')[1]!.replace(/\.ts$/, '')
}

// What one place alone may touch: a pattern of code, and where it may stand.
const reserved: readonly {
  readonly what: string
  readonly package?: RegExp
  readonly code?: RegExp
  readonly in: RegExp
  readonly remedy: string
}[] = [
  { what: 'pg', package: /^pg$/, in: /^src\/store\//, remedy: 'speak to the database through store/' },
  {
    what: 'pg-boss',
    package: /^pg-boss$/,
    in: /^src\/pipeline\/queue\.ts$/,
    remedy: 'go through pipeline/queue.ts',
  },
  { what: 'express', package: /^(express|helmet)$/, in: /^src\/http\//, remedy: 'keep HTTP in http/' },
  {
    what: 'commander',
    package: /^commander$/,
    in: /^src\/cli(\.ts$|\/)/,
    remedy: 'keep the command line in cli/',
  },
  {
    what: 'the environment',
    code: /\bprocess\.env\b/,
    in: /^src\/config\.ts$/,
    remedy: 'read it in config.ts, once',
  },
]

export function outOfPlace(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap((source) => {
    const imports = importsOf(source)
    const code = codeOf(source)
    return reserved
      .filter((rule) => !rule.in.test(source.path))
      .flatMap((rule) => {
        const line = rule.package
          ? imports.find(({ target, isType }) => !isType && rule.package!.test(target))?.line
          : lineOf(code, rule.code!)
        return line === undefined
          ? []
          : [{ at: `${source.path}:${line}`, rule: `${rule.what} outside its place`, remedy: rule.remedy }]
      })
  })
}

const impure =
  /\b(Date\.now|new Date\(\s*\)|Math\.random|performance\.|process\.|console\.|setTimeout|setInterval|fetch\(|globalThis|crypto\.)/

export function impureCore(sources: readonly Source[]): readonly Breach[] {
  return sources
    .filter(({ path }) => path.startsWith('src/core/'))
    .flatMap((source) => {
      const line = lineOf(codeOf(source), impure)
      return line === undefined
        ? []
        : [
            {
              at: `${source.path}:${line}`,
              rule: 'core touches the world',
              remedy: 'take the time, ids and chance as arguments',
            },
          ]
    })
}

const sql =
  /[`'"]\s*(select\s+[\s\S]{1,400}?\bfrom\b|insert\s+into\b|update\s+\w+\s+set\b|delete\s+from\b|with\s+\w+\s+as\s*\()/i

export function sqlElsewhere(sources: readonly Source[]): readonly Breach[] {
  return (
    sources
      // An accounting program is asked in a language of its own that looks like it.
      .filter(({ path }) => !/^src\/(store|sandbox|sinks\/accounting)\//.test(path))
      .flatMap(({ path, text }) => {
        const match = sql.exec(withoutComments(text))
        return match === null
          ? []
          : [
              {
                at: `${path}:${lineAt(text, match.index)}`,
                rule: 'SQL outside store/',
                remedy: 'give it a name in the file of its table',
              },
            ]
      })
  )
}

const names = /stripe|paypal|shopify|woocommerce|paddle/i

export function providerNames(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap(({ path, text }) => {
    const [, own] = /^src\/providers\/([^/]+)\//.exec(path) ?? []
    if (own !== undefined || path === 'src/providers/registry.ts' || /^src\/(sandbox|config)\//.test(path))
      return []
    const match = names.exec(text)
    return match === null
      ? []
      : [
          {
            at: `${path}:${lineAt(text, match.index)}`,
            rule: `names ${match[0]}`,
            remedy: "a provider's name stands in its folder, the registry and the sandbox",
          },
        ]
  })
}

/** Nothing reaches these files from where the product is entered; the twins of providers are entered by tests as well. */
export function unused(
  sources: readonly Source[],
  isEntry = /^src\/(cli|sandbox\/[^/]+\/index)\.ts$/,
): readonly Breach[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const reached = new Set<string>()
  const visit = (path: string) => {
    const source = byPath.get(path)
    if (source === undefined || reached.has(path)) return
    reached.add(path)
    for (const { target } of importsOf(source)) visit(target)
  }
  for (const { path } of sources) if (isEntry.test(path)) visit(path)
  return sources
    .filter(({ path }) => !reached.has(path))
    .map(({ path }) => ({ at: `${path}:1`, rule: 'nothing uses this file', remedy: 'use it or delete it' }))
}

export function openQuestions(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap(({ path, text }) => {
    const match = /\b(FIXME|TODO|XXX|HACK)\b/.exec(text)
    return match === null
      ? []
      : [
          {
            at: `${path}:${lineAt(text, match.index)}`,
            rule: `${match[0]} in the text`,
            remedy: 'open an issue; questions do not live in code',
          },
        ]
  })
}

/** Crash points: each label once, and on the list. */
export function points(sources: readonly Source[], listed: ReadonlySet<string>): readonly Breach[] {
  const seen = new Map<string, string>()
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(/\bpoint\('([^']*)'\)/g)].flatMap((match) => {
      const label = match[1]!
      const at = `${path}:${lineAt(text, match.index)}`
      const earlier = seen.get(label)
      seen.set(label, at)
      if (!listed.has(label))
        return [
          {
            at,
            rule: `point "${label}" is not on the list`,
            remedy: 'list it where the crash test finds it, or take it out',
          },
        ]
      return earlier === undefined
        ? []
        : [{ at, rule: `point "${label}" is also at ${earlier}`, remedy: 'one label, one place' }]
    }),
  )
}

function lineOf(text: string, pattern: RegExp): number | undefined {
  const match = pattern.exec(text)
  return match === null ? undefined : lineAt(text, match.index)
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '))
}
