/** What a GraphQL text cannot be read, or does not fit the schema: what the shop answers in `errors`. */
export class GraphqlError extends Error {
  readonly extensions: { readonly code: string; readonly [key: string]: unknown } | undefined
  constructor(message: string, extensions?: GraphqlError['extensions']) {
    super(message)
    this.name = 'GraphqlError'
    this.extensions = extensions
  }
}

export type Tokens = {
  peek(): string
  next(): string
  /** Takes the token if it is this one. */
  accept(token: string): boolean
  /** Takes the token, which must be this one, or a name where none is given. */
  expect(token?: string): string
  isAtEnd(): boolean
}

const token = /(?:[\s,\uFEFF]|#[^\n]*)*("(?:[^"\\\n]|\\.)*"|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[!$&():=@[\]{}]|$)/y
const nameToken = /^[A-Za-z_]\w*$/

/** Words and marks of a GraphQL text; without block strings, fragments and unions, which nobody here sends. */
export function tokensOf(text: string): Tokens {
  const all: string[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const from = token.lastIndex
    const found = token.exec(text)
    if (found === null) throw new GraphqlError(`syntax error, unexpected ${JSON.stringify(text[from])}`)
    if (found[1] !== '') all.push(found[1]!)
  }
  let at = 0
  const next = () => all[at++] ?? ''
  return {
    peek: () => all[at] ?? '',
    next,
    isAtEnd: () => at >= all.length,
    accept(wanted) {
      if (all[at] !== wanted) return false
      at++
      return true
    },
    expect(wanted) {
      const found = next()
      if (wanted === undefined ? nameToken.test(found) : found === wanted) return found
      throw new GraphqlError(`syntax error, unexpected "${found}", expecting ${wanted ?? 'a name'}`)
    },
  }
}
