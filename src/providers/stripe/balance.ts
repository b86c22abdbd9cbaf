import type { FeeDetail, Ref, RefKind, Statement } from '../../core/fact.ts'
import { children, idIn, type Node, needId, needInstant, text } from './json.ts'
import { needCurrency, needSigned, signed } from './money.ts'
import { at } from './sale.ts'
import { refs, stateAbout } from './witness.ts'

/**
 * One line of the provider's balance. Lines never change, so an embedded one (a dispute's), an expanded one and a
 * polled one are the same fact; nothing that only one of these places knows may go into it. But which payout took it is
 * known to the list of that payout alone: a better witness of the same fact.
 *
 * @see https://docs.stripe.com/api/balance_transactions/object (checked 2026-11)
 */
export function balanceLine(
  node: Node,
  around: { joins: readonly Ref[]; source?: Ref; payout?: string } = { joins: [] },
): Statement[] {
  const id = needId(node, 'id')
  const subject: Ref = { kind: 'transaction', id }
  const currency = needCurrency(node)
  const type = text(node, 'type') ?? 'unknown'
  const source = around.source ?? sourceOf(node) // whose list holds a line is whose line it is
  const joins = [subject, ...(source ? [source] : []), ...around.joins]
  const data = {
    category: text(node, 'reporting_category') ?? type,
    type,
    amountMinor: needSigned(node, 'amount', currency),
    feeMinor: needSigned(node, 'fee', currency),
    netMinor: needSigned(node, 'net', currency),
    currency,
    fees: children(node, 'fee_details').map((each) => feeDetail(each, currency)),
    ...(source && { source }),
    ...(around.payout !== undefined && { payout: around.payout }),
  }
  const level = source && ofOrders.has(source.kind) ? 'order' : 'account'
  const rank = around.payout === undefined ? 0 : 1
  return [stateAbout(joins)('balance_line', subject, at(needInstant(node, 'created'), rank), data, { level })]
}

const ofOrders = new Set<RefKind>(['charge', 'refund', 'dispute'])

const kindByPrefix = new Map<string, RefKind>([
  ['ch', 'charge'],
  ['py', 'charge'], // charges of bank debits and wallets are named py_
  ['re', 'refund'],
  ['pyr', 'refund'],
  ['du', 'dispute'],
  ['dp', 'dispute'],
  ['po', 'payout'],
])

/** What the line is about, by the id's prefix: a list does not expand `source`, so nothing else tells its kind. */
function sourceOf(node: Node): Ref | undefined {
  const id = idIn(node, 'source')
  const kind = id === undefined ? undefined : kindByPrefix.get(id.slice(0, id.indexOf('_')))
  return kind === undefined ? undefined : refs([kind, id])[0]
}

const feeTypes = new Map<string, FeeDetail['type']>([
  ['tax', 'tax'],
  ['withheld_tax', 'tax'],
  ['application_fee', 'application'],
])

function feeDetail(node: Node, currency: string): FeeDetail {
  const amountMinor = signed(node, 'amount', currency) ?? 0n
  return { type: feeTypes.get(text(node, 'type') ?? '') ?? 'provider', amountMinor }
}
