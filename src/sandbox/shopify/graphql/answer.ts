import { type Selection, valuesOf } from './parse.ts'
import { bareType, type Schema } from './schema.ts'

/** What a field is asked with: its arguments, and of a directive `@idempotent(key:)` the key. */
export type Asked = { readonly args: { readonly [name: string]: unknown }; readonly key: string | undefined }
/** An object of the shop: plain values, and functions where a field takes arguments or costs work. */
export type Viewed = { readonly [field: string]: unknown }

type Variables = { readonly [name: string]: unknown }

/** The object as the selections ask for it, under their aliases and in their order. */
export function answerOf(
  schema: Schema,
  place: { readonly type: string; readonly selections: readonly Selection[] },
  object: Viewed,
  variables: Variables,
): { [alias: string]: unknown } {
  const entries = place.selections.map((selection) => {
    const held = object[selection.name]
    const value = typeof held === 'function' ? (held(askedOf(selection, variables)) as unknown) : held
    const type = bareType(schema.get(place.type)!.get(selection.name)!.type)
    return [selection.alias, shown(schema, { type, selections: selection.selections }, value, variables)]
  })
  return Object.fromEntries(entries)
}

function shown(
  schema: Schema,
  place: { readonly type: string; readonly selections: readonly Selection[] },
  value: unknown,
  variables: Variables,
): unknown {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map((each) => shown(schema, place, each, variables))
  return place.selections.length === 0 ? value : answerOf(schema, place, value as Viewed, variables)
}

function askedOf({ args, directives }: Selection, variables: Variables): Asked {
  const idempotent = directives.get('idempotent')
  const key = idempotent && valuesOf(idempotent, variables).key
  return { args: valuesOf(args, variables), key: typeof key === 'string' ? key : undefined }
}
