import { statement } from './statement.ts'

/** Up to when each list of a connection was walked to its end. */
export const cursors = statement<[connection: string], { list: string; until: string }>({
  name: 'cursors.all',
  uses: ['cursors_pkey'],
  text: `select list, until from cursors where connection = $1`,
})

/** Moves a list's cursor on, never back: a manual run over an old window leaves it alone. */
export const advance = statement<[connection: string, list: string, until: string], never>({
  name: 'cursors.advance',
  uses: ['cursors_pkey'],
  text: `insert into cursors (connection, list, until) values ($1, $2, $3)
             on conflict (connection, list) do update set until = greatest(cursors.until, excluded.until)`,
})
