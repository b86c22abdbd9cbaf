import type pg from 'pg'

/** A statement as the register has it, as far as its plan is concerned. */
export type Planned = {
  readonly name: string
  readonly text: string
  readonly uses: readonly string[]
  readonly scans: string | undefined
}

type Node = {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Filter?: string
  readonly Plans?: readonly Node[]
}

// Few rows for ever, or one for each that a person wrote.
const small = new Set(['settings', 'chain_head', 'cursors', 'schema_migrations', 'keys'])

/**
 * What is wrong with a statement's plan, as the server will make it once it stops looking at parameter values; empty
 * when nothing is. Run it on a connection with `enable_seqscan = off`, so that a scan shows that there was no other way.
 */
export async function objections(
  on: pg.ClientBase,
  statement: Planned,
  known: Indexes,
): Promise<readonly string[]> {
  if (!/^\s*(select|insert|update|delete|with)\b/i.test(statement.text)) return []
  const nodes = flat(await planOf(on, statement), statement.uses)
  if (statement.scans !== undefined) return statement.scans.trim() === '' ? ['scans without saying why'] : []
  return nodes.flatMap((node) => [...scanObjection(node), ...indexObjection(node, statement, known)])
}

function scanObjection(node: Node): readonly string[] {
  const table = node['Relation Name']
  return node['Node Type'] === 'Seq Scan' && table !== undefined && !small.has(parent(table))
    ? [`reads all of ${table}`]
    : []
}

function indexObjection(node: Node, { uses }: Planned, known: Indexes): readonly string[] {
  const name = node['Index Name']
  if (name === undefined) return []
  const index = known.get(name)
  const root = index?.root ?? name
  if (index !== undefined && small.has(parent(index.table))) return []
  const isDefault = index?.table.endsWith('_default') === true
  const isWhole = node['Index Cond'] === undefined && index?.isPartial === false
  return [
    ...(isWhole ? [`reads all of the index ${root}`] : []),
    // The default partition is empty by design, and any index of an empty table is as good as another.
    ...(uses.length > 0 && !uses.includes(root) && !isDefault
      ? [`uses ${root}, which is not in its list`]
      : []),
  ]
}

export type Indexes = ReadonlyMap<
  string,
  { readonly root: string; readonly table: string; readonly isPartial: boolean }
>

/** Every index with the one it belongs to: those of partitions stand for their parent's. */
export async function indexes(on: pg.ClientBase): Promise<Indexes> {
  const { rows } = await on.query<{ name: string; root: string; table: string; partial: boolean }>(`
    select c.relname as name, coalesce(p.relname, c.relname) as root, t.relname as table, i.indpred is not null as partial
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
      left join pg_inherits h on h.inhrelid = c.oid left join pg_class p on p.oid = h.inhparent
     where c.relnamespace = 'public'::regnamespace`)
  return new Map(rows.map(({ name, root, table, partial }) => [name, { root, table, isPartial: partial }]))
}

async function planOf(on: pg.ClientBase, { name, text }: Planned): Promise<Node> {
  const { rows } = await on.query<{ server_version_num: string }>('show server_version_num')
  if (Number(rows[0]!.server_version_num) >= 160_000)
    return plan(on, `explain (generic_plan, format json) ${text}`)
  const prepared = `p_${name.replaceAll(/\W/g, '_')}`
  const parameters = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])))
  await on.query(`prepare ${prepared} as ${text}`)
  try {
    const values = parameters === 0 ? '' : `(${Array(parameters).fill('null').join(', ')})`
    return await plan(on, `explain (format json) execute ${prepared}${values}`)
  } finally {
    await on.query(`deallocate ${prepared}`)
  }
}

async function plan(on: pg.ClientBase, text: string): Promise<Node> {
  // The simple protocol: the extended one would take $1 for a parameter of EXPLAIN itself.
  const { rows } = await on.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(text)
  return rows[0]!['QUERY PLAN'][0].Plan
}

/**
 * The node and all below it. The first rows of an index, in its order, are no reading of the whole; and what a bitmap
 * adds to an index of the list only narrows it further.
 */
function flat(node: Node, uses: readonly string[]): readonly Node[] {
  const isFirstRows = (child: Node) =>
    node['Node Type'] === 'Limit' &&
    /^Index (Only )?Scan$/.test(child['Node Type']) &&
    child.Filter === undefined
  const children = (node.Plans ?? []).map((child) =>
    isFirstRows(child) ? { 'Index Cond': 'the first rows', ...child } : child,
  )
  const listed = children.filter((child) => uses.includes(child['Index Name'] ?? ''))
  const counted = node['Node Type'] === 'BitmapAnd' && listed.length > 0 ? listed : children
  return [node, ...counted.flatMap((child) => flat(child, uses))]
}

function parent(table: string): string {
  return table.replace(/_(default|\d{4}_\d\d)$/, '')
}
