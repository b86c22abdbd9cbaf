import { GraphqlError, type Tokens, tokensOf } from './tokens.ts'

export type Operation = {
  readonly kind: 'query' | 'mutation'
  readonly name: string
  /** Their types as they are written: `ID!`, `[String!]`. */
  readonly variables: ReadonlyMap<string, string>
  readonly selections: readonly Selection[]
}

export type Selection = {
  readonly name: string
  readonly alias: string
  readonly args: Arguments
  readonly directives: ReadonlyMap<string, Arguments>
  readonly selections: readonly Selection[]
}

export type Arguments = ReadonlyMap<string, Value>
/** A value, or the variable that holds it. */
export type Value =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'object'; readonly fields: Arguments }
  | { readonly kind: 'list'; readonly items: readonly Value[] }

/** The one operation of a document. Throws `GraphqlError` where it cannot be read, or holds more than that. */
export function parseOperation(text: string): Operation {
  const tokens = tokensOf(text)
  const kind = tokens.next()
  if (kind !== 'query' && kind !== 'mutation') throw new GraphqlError(`syntax error, unexpected "${kind}"`)
  const name = tokens.expect()
  const variables = tokens.accept('(') ? variablesOf(tokens) : new Map<string, string>()
  const selections = selectionsOf(tokens)
  if (!tokens.isAtEnd()) throw new GraphqlError(`syntax error, unexpected "${tokens.peek()}"`)
  return { kind, name, variables, selections }
}

function variablesOf(tokens: Tokens): Map<string, string> {
  const variables = new Map<string, string>()
  while (!tokens.accept(')')) {
    tokens.expect('$')
    const name = tokens.expect()
    tokens.expect(':')
    variables.set(name, typeOf(tokens))
  }
  return variables
}

/** A type as it is written, in a query or in the schema. */
export function typeOf(tokens: Tokens): string {
  const inner = tokens.accept('[') ? `[${typeOf(tokens)}${tokens.expect(']')}` : tokens.expect()
  return tokens.accept('!') ? `${inner}!` : inner
}

function selectionsOf(tokens: Tokens): Selection[] {
  tokens.expect('{')
  const selections: Selection[] = []
  while (!tokens.accept('}')) selections.push(selectionOf(tokens))
  return selections
}

function selectionOf(tokens: Tokens): Selection {
  const first = tokens.expect()
  const name = tokens.accept(':') ? tokens.expect() : first
  const args = argumentsOf(tokens)
  const directives = new Map<string, Arguments>()
  while (tokens.accept('@')) directives.set(tokens.expect(), argumentsOf(tokens))
  return {
    name,
    alias: first,
    args,
    directives,
    selections: tokens.peek() === '{' ? selectionsOf(tokens) : [],
  }
}

function argumentsOf(tokens: Tokens): Map<string, Value> {
  return tokens.accept('(') ? fieldsUntil(tokens, ')') : new Map()
}

function fieldsUntil(tokens: Tokens, end: ')' | '}'): Map<string, Value> {
  const fields = new Map<string, Value>()
  while (!tokens.accept(end)) {
    const name = tokens.expect()
    tokens.expect(':')
    fields.set(name, valueIn(tokens))
  }
  return fields
}

function valueIn(tokens: Tokens): Value {
  if (tokens.accept('$')) return { kind: 'variable', name: tokens.expect() }
  if (tokens.accept('{')) return { kind: 'object', fields: fieldsUntil(tokens, '}') }
  if (tokens.accept('[')) {
    const items: Value[] = []
    while (!tokens.accept(']')) items.push(valueIn(tokens))
    return { kind: 'list', items }
  }
  const token = tokens.next()
  if (/^["\d-]/.test(token)) return { kind: 'value', value: JSON.parse(token) as unknown }
  const word = new Map<string, unknown>([
    ['true', true],
    ['false', false],
    ['null', null],
  ])
  return { kind: 'value', value: word.has(token) ? word.get(token) : token } // a bare name is an enum's
}

/** What the values come to with these variables. */
export function valuesOf(
  args: Arguments,
  variables: { readonly [name: string]: unknown },
): { [name: string]: unknown } {
  return Object.fromEntries([...args].map(([name, value]) => [name, resolved(value, variables)]))
}

function resolved(value: Value, variables: { readonly [name: string]: unknown }): unknown {
  switch (value.kind) {
    case 'variable':
      return variables[value.name]
    case 'value':
      return value.value
    case 'object':
      return valuesOf(value.fields, variables)
    case 'list':
      return value.items.map((item) => resolved(item, variables))
  }
}
