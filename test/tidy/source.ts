import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { posix } from 'node:path'
import { packageFile } from '../../src/package-root.ts'

/** One file of the project as the rules look at it. */
export type Source = { readonly path: string; readonly text: string }

export type Import = { readonly target: string; readonly line: number; readonly isType: boolean }

/** Every TypeScript file below these folders, by path from the project's root. */
export function sourcesIn(...folders: readonly string[]): readonly Source[] {
  return folders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: packageFile('') }))
    .sort()
    .map((path) => ({ path, text: readFileSync(packageFile(path), 'utf8') }))
}

/** What a file imports: a path from the root for its own kind, the name for packages. */
export function importsOf({ path, text }: Source): readonly Import[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b([^'"`;=]*?)\bfrom\s*'([^']+)'|(?:^|\n)import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g
  return [...text.matchAll(pattern)].map((match) => {
    const name = match[2] ?? match[3] ?? match[4] ?? ''
    const clause = (match[1] ?? '').trim()
    const target = name.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), name)) : name
    return { target, line: lineAt(text, match.index + match[0].length), isType: isOnlyTypes(clause) }
  })
}

/** `import type …`, or braces in which every name says `type`. */
function isOnlyTypes(clause: string): boolean {
  if (clause.startsWith('type ')) return true
  const names = /^\{([^}]*)\}$/.exec(clause)?.[1]
  return names?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

/**
 * The code with comments, strings and regular expressions blanked, line for line. Types are stripped first, so that
 * what stands before a brace is what JavaScript has there.
 */
export function codeOf({ text }: Source): string {
  const plain = stripTypeScriptTypes(text)
  let code = ''
  const templates: number[] = [] // depth of braces at each open `${`
  let depth = 0
  for (let at = 0; at < plain.length; ) {
    const end = tokenEnd(plain, at, code, templates.length > 0 && templates.at(-1) === depth)
    const token = plain.slice(at, end)
    if (token.startsWith('`') || (token.startsWith('}') && token.length > 1) || token === '}`') {
      if (token.startsWith('}')) templates.pop()
      if (token.endsWith('${')) templates.push(depth)
      code += blank(token)
    } else if (token.length > 1 && /^(\/\/|\/\*|['"/])/.test(token)) code += blank(token)
    else {
      if (token === '{') depth++
      if (token === '}') {
        if (templates.at(-1) === depth) templates.pop()
        else depth--
      }
      code += token
    }
    at = end
  }
  return code
}

/** Blanks keep their lines; a blanked string still counts as a value, for the slash behind it. */
function blank(token: string): string {
  const isComment = token.startsWith('//') || token.startsWith('/*')
  return token.replace(/[^\n]/g, isComment ? ' ' : '_')
}

function tokenEnd(text: string, at: number, before: string, closesTemplate: boolean): number {
  const rest = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0].length ?? 0
  }
  const template = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y
  const character = text[at]!
  if (character === '`' || (character === '}' && closesTemplate)) {
    template.lastIndex = at + 1
    return at + 1 + (template.exec(text)?.[0].length ?? 0)
  }
  const length =
    rest(/\/\/[^\n]*/y) ||
    rest(/\/\*[\s\S]*?\*\//y) ||
    rest(/'(?:[^'\\\n]|\\[\s\S])*'/y) ||
    rest(/"(?:[^"\\\n]|\\[\s\S])*"/y) ||
    (/(?:^|[=(,:;[{}!&|?+*~<>-]|=>|\breturn|\btypeof|\bcase)\s*$/.test(before.slice(-80))
      ? rest(/\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y)
      : 0)
  return at + (length || 1)
}

export type Block = { readonly line: number; readonly lines: number }

/** Bodies of functions, methods and arrow functions: where each starts, and how many lines it has. */
export function functionsOf(source: Source): readonly Block[] {
  const code = codeOf(source)
  const open: { index: number; isFunction: boolean }[] = []
  const found: Block[] = []
  for (let index = 0; index < code.length; index++) {
    if (code[index] === '{') open.push({ index, isFunction: startsFunction(code, index) })
    if (code[index] !== '}') continue
    const block = open.pop()
    if (block?.isFunction !== true) continue
    const line = lineAt(code, block.index)
    found.push({ line, lines: lineAt(code, index) - line + 1 })
  }
  return found
}

/** A brace behind `=>`, or behind a list in brackets that no keyword of control stands before. */
function startsFunction(code: string, brace: number): boolean {
  const before = code.slice(0, brace).trimEnd()
  if (before.endsWith('=>')) return true
  if (!before.endsWith(')')) return false
  let depth = 0
  for (let index = before.length - 1; index >= 0; index--) {
    if (before[index] === ')') depth++
    if (before[index] === '(') depth--
    if (depth === 0)
      return !/\b(?:if|for|while|switch|catch|with|await)\s*$/.test(
        before.slice(Math.max(0, index - 12), index),
      )
  }
  return false
}
