import {
  buildSchema,
  executeRootSelectionSet,
  type ExecutionResult,
  GraphQLError,
  parse,
  type ValidatedExecutionArgs,
  validate,
  validateExecutionArgs,
} from 'graphql'
import { accountTypes } from './account-types.ts'
import { orderTypes } from './order-types.ts'

/** An object of the shop: plain values, and functions where a field takes arguments or costs work. */
export type Viewed = { readonly [field: string]: unknown }
/** What a field is asked with. */
export type Args = { readonly [name: string]: unknown }

const schema = buildSchema(orderTypes + accountTypes)

/** A query that fits the schema, with variables that fit it, ready to be answered; or all that is wrong with them. */
export function prepared(
  query: string,
  { rootValue, variables }: { rootValue: Viewed; variables: Args },
): ValidatedExecutionArgs | readonly GraphQLError[] {
  try {
    const document = parse(query)
    const mistakes = validate(schema, document)
    if (mistakes.length > 0) return mistakes
    return validateExecutionArgs({ schema, document, rootValue, variableValues: variables })
  } catch (error) {
    if (error instanceof GraphQLError) return [error]
    throw error
  }
}

/** Throws what is a mistake of the twin itself, such as a view without a field that the schema promises. */
export function answered(query: ValidatedExecutionArgs): ExecutionResult {
  const result = executeRootSelectionSet(query) as ExecutionResult // no view is a promise
  for (const { originalError } of result.errors ?? [])
    if (originalError !== undefined && !(originalError instanceof GraphQLError)) throw originalError
  return result
}
