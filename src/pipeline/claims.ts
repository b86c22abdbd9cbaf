import { hash } from 'node:crypto'
import type { Connection } from '../store/database.ts'
import { claim, holders } from '../store/claims.ts'
import type { Incoming } from './incoming.ts'

/**
 * Which of these deliveries carry a mark that another body has claimed before. Marks are claimed in this call and stay
 * claimed whatever becomes of the event: a sender that repeats itself repeats the body, too.
 */
export async function overClaimed(
  connection: Connection,
  items: readonly Incoming[],
): Promise<ReadonlySet<Incoming>> {
  const rows = items
    .flatMap((item) => (item.event.claim === undefined ? [] : [{ item, mark: item.event.claim }]))
    .map(({ item, mark }) => ({
      item,
      mark,
      of: item.event.connection,
      digest: hash('sha256', item.event.body, 'hex'),
    }))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0))
  const [connections, marks] = [rows.map(({ of }) => of), rows.map(({ mark }) => mark)]
  await claim(
    connection,
    connections,
    marks,
    rows.map(({ digest }) => Buffer.from(digest, 'hex')),
  )
  const held = await holders(connection, connections, marks)
  const owners = new Map(
    held.map((row) => [keyOf({ of: row.connection, mark: row.claim }), row.body_sha256.toString('hex')]),
  )
  return new Set(rows.filter((row) => owners.get(keyOf(row)) !== row.digest).map(({ item }) => item))
}

function keyOf({ of, mark }: { of: string; mark: string }): string {
  return `${of}\0${mark}`
}
