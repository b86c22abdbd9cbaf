import type { Operation, Selection, Value } from './parse.ts'
import { bareType, type Schema } from './schema.ts'
import { GraphqlError } from './tokens.ts'

/**
 * What is wrong with an operation and its variables, in the shop's own words and codes; empty where nothing is.
 * Fields that the schema has not are refused, so that no query is answered that the shop would refuse.
 */
export function mistakesIn(
  schema: Schema,
  operation: Operation,
  variables: { readonly [name: string]: unknown },
): GraphqlError[] {
  const root = operation.kind === 'query' ? 'QueryRoot' : 'Mutation'
  return [
    ...selectionMistakes(schema, { type: root, selections: operation.selections }, operation.variables),
    ...[...operation.variables].flatMap(([name, type]) =>
      valueMistakes(schema, `$${name}`, type, variables[name]),
    ),
  ]
}

type Place = { readonly type: string; readonly selections: readonly Selection[] }
type Declared = Operation['variables']

function selectionMistakes(schema: Schema, { type, selections }: Place, declared: Declared): GraphqlError[] {
  return selections.flatMap((selection) => {
    const field = schema.get(type)?.get(selection.name)
    if (field === undefined) return [undefinedField(type, selection.name)]
    const inner = bareType(field.type)
    return [
      ...argumentMistakes(selection, field.args, declared),
      ...(schema.has(inner) === selection.selections.length > 0
        ? []
        : [new GraphqlError(`Field must have selections (field '${selection.name}' returns ${inner})`)]),
      ...selectionMistakes(schema, { type: inner, selections: selection.selections }, declared),
    ]
  })
}

function undefinedField(typeName: string, fieldName: string): GraphqlError {
  const message = `Field '${fieldName}' doesn't exist on type '${typeName}'`
  return new GraphqlError(message, { code: 'undefinedField', typeName, fieldName })
}

function argumentMistakes(
  { name, args }: Selection,
  known: ReadonlyMap<string, string>,
  declared: Declared,
): GraphqlError[] {
  const unknown = [...args.keys()].filter((arg) => !known.has(arg))
  const missing = [...known].filter(([arg, type]) => type.endsWith('!') && !args.has(arg))
  return [
    ...unknown.map(
      (arg) =>
        new GraphqlError(`Field '${name}' doesn't accept argument '${arg}'`, { code: 'argumentNotAccepted' }),
    ),
    ...missing.map(
      ([arg]) =>
        new GraphqlError(`Field '${name}' is missing required arguments: ${arg}`, {
          code: 'missingRequiredArguments',
        }),
    ),
    ...[...args.values()].flatMap((value) => undeclaredIn(value, declared)),
  ]
}

function undeclaredIn(value: Value, declared: Declared): GraphqlError[] {
  if (value.kind === 'object')
    return [...value.fields.values()].flatMap((each) => undeclaredIn(each, declared))
  if (value.kind === 'list') return value.items.flatMap((each) => undeclaredIn(each, declared))
  if (value.kind !== 'variable' || declared.has(value.name)) return []
  return [
    new GraphqlError(`Variable $${value.name} is used but not declared`, { code: 'variableNotDefined' }),
  ]
}

/** A variable against its type: what is required is there, and an input has no field that is unknown. */
function valueMistakes(schema: Schema, at: string, type: string, value: unknown): GraphqlError[] {
  const invalid = (why: string) => [
    new GraphqlError(`Variable ${at} of type ${type} was provided invalid value (${why})`, {
      code: 'INVALID_VARIABLE',
    }),
  ]
  if (value === undefined || value === null)
    return type.endsWith('!') ? invalid('Expected value to not be null') : []
  const inner = type.replace(/!$/, '')
  if (inner.startsWith('['))
    return Array.isArray(value)
      ? value.flatMap((each, index) => valueMistakes(schema, `${at}.${index}`, inner.slice(1, -1), each))
      : invalid('Expected a list')
  const fields = schema.get(inner)
  if (fields === undefined) return typeof value === 'object' ? invalid('Expected a scalar') : []
  if (typeof value !== 'object') return invalid('Expected an object')
  const unknown = Object.keys(value).filter((key) => !fields.has(key))
  return [
    ...unknown.flatMap((key) => invalid(`Field is not defined on ${inner}: ${key}`)),
    ...[...fields].flatMap(([key, field]) =>
      valueMistakes(schema, `${at}.${key}`, field.type, (value as { [key: string]: unknown })[key]),
    ),
  ]
}
