import type { Person } from '../core/fact.ts'
import { statement } from './statement.ts'

/**
 * Keeps people apart from facts; the id is a keyed hash of what was said, so saying it again adds nothing. Of who was
 * erased nothing is kept but that somebody spoke of them.
 */
export const insert = statement<
  [ids: string[], data: string[], emailHashes: (string | null)[], customerHashes: (string | null)[]],
  never
>({
  name: 'persons.insert',
  uses: ['persons_pkey', 'erased_subjects_pkey'],
  text: `insert into persons (id, data, email_hash, customer_hash)
         select w.id,
                case when exists (select from erased_subjects e where e.hash in (w.email_hash, w.customer_hash)) then null else w.data end,
                w.email_hash, w.customer_hash
           from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as w (id, data, email_hash, customer_hash)
             on conflict (id) do update
            set email_hash = excluded.email_hash, customer_hash = excluded.customer_hash
          where persons.data is null and excluded.data is null`,
})

const byIds = statement<[ids: string[]], { id: string; data: string | null }>({
  name: 'persons.byIds',
  uses: ['persons_pkey'],
  text: `select id, data from persons where id = any($1::text[])`,
})

/** People by id; an erased one is absent. */
export async function personsById(
  on: Parameters<typeof byIds>[0],
  ids: readonly string[],
): Promise<Map<string, Person>> {
  const rows = await byIds(on, [...new Set(ids)])
  return new Map(rows.flatMap((row) => (row.data === null ? [] : [[row.id, JSON.parse(row.data) as Person]])))
}

export async function personById(on: Parameters<typeof byIds>[0], id: string): Promise<Person | undefined> {
  return (await personsById(on, [id])).get(id)
}
