import type { Statement } from '../../core/fact.ts'
import { type Api, ApiError, type Reading } from '../provider.ts'
import { elementsAt } from '../reading/slices.ts'
import { payout } from './account.ts'
import { balanceLine } from './balance.ts'
import { type Answer, call } from './client.ts'
import { child, children, flag, idIn, isThing, type Node, needId, text } from './json.ts'

const pageSize = 100
// Ten thousand lines: a payout of more is not known to exist, and a list that goes on for ever would be walked for ever.
const pagesMax = 100

/** True once the lines of a payout can be listed: of automatic ones, from when they are on their way. */
export function hasLines(node: Node): boolean {
  return flag(node, 'automatic') && text(node, 'status') !== 'pending'
}

/**
 * A payout with the lines that it pays, which only a list by payout tells: a line does not name its own. The bytes of
 * each are as they came.
 *
 * @see https://docs.stripe.com/api/balance_transactions/list on `payout` (checked 2026-11)
 */
export async function readWithLines({ body, apiVersion }: Answer, id: string, api: Api): Promise<Reading> {
  const lines: Uint8Array[] = []
  let after: string | undefined
  for (let page = 0; page < pagesMax; page += 1) {
    const params = { payout: id, limit: pageSize, ...(after !== undefined && { starting_after: after }) }
    const answer = await call(api, (client) => client.balanceTransactions.list(params))
    const root: unknown = JSON.parse(Buffer.from(answer.body).toString('utf8'))
    const data = elementsAt(answer.body, ['data'])
    if (!isThing(root) || data === undefined)
      throw new ApiError('unavailable', 'the lines of a payout are no list')
    lines.push(...data)
    const node = { value: root, path: '' }
    const last = children(node, 'data').at(-1)
    after = last && idIn(last, 'id')
    if (!flag(node, 'has_more') || after === undefined) break
  }
  const parts = lines.flatMap((line, index) => (index === 0 ? [line] : [Buffer.from(','), line]))
  const whole = [Buffer.from('{"object":"payout_lines","payout":'), body, Buffer.from(',"data":['), ...parts]
  return {
    type: 'resource.payout_lines',
    body: Buffer.concat([...whole, Buffer.from(']}')]),
    ...(apiVersion !== undefined && { apiVersion }),
  }
}

/** What `readWithLines` brought: the payout's state, and each line with the payout that it is in. */
export function payoutLines(root: Node): Statement[] {
  const node = child(root, 'payout')
  if (node === undefined) return []
  const id = needId(node, 'id')
  return [
    ...payout(node),
    ...children(root, 'data').flatMap((line) => balanceLine(line, { joins: [], payout: id })),
  ]
}
