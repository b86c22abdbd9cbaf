import { hash } from 'node:crypto'
import { statement } from './statement.ts'

export type Link = { link_seq: bigint; link_at: string }

/** The last statement before COMMIT: takes the head, so that commit order is the chain's order. */
export const append = statement<[tx: bigint, content: Buffer], Link>({
  name: 'chain.append',
  uses: ['chain_head_pkey'],
  text: `select link_seq, link_at from append_link($1, $2)`,
})

export const head = statement<[], { seq: bigint; recorded_at: string; hash: Buffer }>({
  name: 'chain.head',
  scans: 'one row by its constraint',
  text: `select seq, recorded_at, hash from chain_head`,
})

/** What one link covers: the sorted digests of everything that its transaction recorded. */
export function contentOf(digests: Iterable<Buffer>): Buffer {
  const sorted = [...digests].map((digest) => digest.toString('hex')).sort()
  return hash('sha256', sorted.join('\n'), 'buffer')
}

/** An event in the chain: its identity and its bytes, neither of which ever changes. */
export function eventDigest(id: string, bodySha256: Buffer): Buffer {
  return hash('sha256', `event\n${id}\n${bodySha256.toString('hex')}`, 'buffer')
}
