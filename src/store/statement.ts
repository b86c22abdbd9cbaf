import type { Queryable } from './database.ts'

/**
 * One SQL statement with a name (prepared under it; slow-query logs show it), typed parameters and typed rows.
 * Every one is in the register below, so that test/sql.test.ts can plan it.
 */
export type Statement<Parameters extends readonly unknown[], Row> = {
  readonly name: string
  readonly text: string
  readonly uses: readonly string[]
  readonly scans: string | undefined
  (on: Queryable, ...parameters: Parameters): Promise<Row[]>
}

const register = new Map<string, Statement<never, unknown>>()

/**
 * `uses` names the indexes that a good plan reads; `scans` says why a statement is meant to read a whole table.
 * Parameters are bound by position: arrays for sets, so that a batch is one statement.
 */
export function statement<Parameters extends readonly unknown[], Row>(definition: {
  name: string
  uses?: readonly string[]
  scans?: string
  text: string
}): Statement<Parameters, Row> {
  const run = async (on: Queryable, ...parameters: Parameters): Promise<Row[]> => {
    const result = await on.query({ name: definition.name, text: definition.text, values: [...parameters] })
    return result.rows as Row[]
  }
  const made = Object.assign(run, {
    text: definition.text,
    uses: definition.uses ?? [],
    scans: definition.scans,
  }) as unknown as Statement<Parameters, Row>
  Object.defineProperty(made, 'name', { value: definition.name })
  if (register.has(definition.name)) throw new Error(`two statements are named ${definition.name}`)
  register.set(definition.name, made as unknown as Statement<never, unknown>)
  return made
}

/** Every statement that the imported store files declare, by name. */
export function statements(): readonly Statement<never, unknown>[] {
  return [...register.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
