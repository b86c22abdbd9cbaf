import type { Queryable } from '../database.ts'
import { statement } from '../statement.ts'

export type EffectRow = {
  seq: bigint
  id: string
  key: string
  sink: string
  kind: string
  state: string
  order_id: string | null
  connection: string
  attempts: number
  due_at: string
  done_at: string | null
  reference: string | null
  last_error: string | null
}

const columns = `e.seq, e.id, e.key, e.sink, e.kind, e.state, e.order_id, e.connection, e.attempts, e.due_at, e.done_at,
                 e.reference, e.last_error`

/** Every filter of `GET /effects`; undefined does not restrict. */
export type EffectFilter = {
  readonly before: bigint
  readonly limit: number
  readonly scopes: readonly string[] | null
  readonly state: string | undefined
  readonly sink: string | undefined
  readonly order: string | undefined
}

const filters = {
  scopes: '($3::text[] is null or e.connection = any($3))',
  state: '($4::text is null or e.state = $4)',
  sink: '($5::text is null or e.sink = $5)',
}

function memberIds(parameter: string): string {
  return `select m.id from orders o join orders m on m.id = coalesce(o.alias_of, o.id) where o.id = ${parameter}
          union all select m.id from orders o join orders m on m.alias_of = coalesce(o.alias_of, o.id) where o.id = ${parameter}`
}

function listBy(
  name: string,
  uses: readonly string[],
  { driver, condition }: { driver?: keyof typeof filters; condition?: string } = {},
) {
  const kept = Object.entries(filters).filter(([key]) => key !== driver)
  const conditions = [...kept.map(([, text]) => text), ...(condition === undefined ? [] : [condition])]
  return statement<readonly unknown[], EffectRow>({
    name: `effects.${name}`,
    uses: [...uses, 'effects_seq'],
    text: `select ${columns} from effects e where e.seq < $1 and ${conditions.join('\n              and ')}
            order by e.seq desc limit $2`,
  })
}

const listed = listBy('list', [])
const byState = listBy('listByState', ['effects_state_seq'], {
  driver: 'state',
  condition: `e.state = $4 and e.state <> 'done'`, // literal: a parameter alone could not use the partial index
})
const bySink = listBy('listBySink', ['effects_sink_seq'], { driver: 'sink', condition: 'e.sink = $5' })
const byOrder = listBy('listByOrder', ['effects_order_id', 'orders_pkey', 'orders_alias_of'], {
  condition: `e.order_id = any(array(${memberIds('$6')}))`,
})

/** Effects newest first by when they became due, `limit + 1` at most. */
export async function listEffects(on: Queryable, filter: EffectFilter): Promise<EffectRow[]> {
  const { before, limit, scopes, state, sink, order } = filter
  const common = [before, limit + 1, scopes, state, sink]
  if (order !== undefined) return byOrder(on, ...common, order)
  if (state !== undefined && state !== 'done') return byState(on, ...common)
  return sink === undefined ? listed(on, ...common) : bySink(on, ...common)
}

export const effectById = statement<[id: string], EffectRow>({
  name: 'effects.byId',
  uses: ['effects_pkey'],
  text: `select ${columns} from effects e where e.id = $1`,
})
