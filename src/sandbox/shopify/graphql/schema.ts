import { typeOf } from './parse.ts'
import { GraphqlError, type Tokens, tokensOf } from './tokens.ts'

export type Field = { readonly type: string; readonly args: ReadonlyMap<string, string> }
/** Fields of a `type`, or of an `input`, by name. A type that is not here is a leaf: text, number or enum. */
export type Schema = ReadonlyMap<string, ReadonlyMap<string, Field>>

/** Reads a schema as it is written for people: `type` and `input` alone. */
export function parseSchema(text: string): Schema {
  const tokens = tokensOf(text)
  const schema = new Map<string, ReadonlyMap<string, Field>>()
  while (!tokens.isAtEnd()) {
    const kind = tokens.next()
    if (kind !== 'type' && kind !== 'input') throw new GraphqlError(`no ${kind} in this schema`)
    schema.set(tokens.expect(), fieldsOf(tokens))
  }
  return schema
}

function fieldsOf(tokens: Tokens): Map<string, Field> {
  tokens.expect('{')
  const fields = new Map<string, Field>()
  while (!tokens.accept('}')) {
    const name = tokens.expect()
    const args = new Map<string, string>()
    if (tokens.accept('(')) {
      while (!tokens.accept(')')) {
        const arg = tokens.expect()
        tokens.expect(':')
        args.set(arg, typeOf(tokens))
      }
    }
    tokens.expect(':')
    fields.set(name, { type: typeOf(tokens), args })
  }
  return fields
}

/** `[LineItem!]!` is made of LineItem. */
export function bareType(type: string): string {
  return type.replace(/[[\]!]/g, '')
}
