import type { Fact, Ref } from './fact.ts'

/** The closed list of `detail.reason` of findings, as far as facts show them. */

/** What is missing when this resource is. */
export function missingReason(resource: Ref): string {
  switch (resource.kind) {
    case 'refund':
    case 'dispute':
    case 'payout':
    case 'fulfillment':
      return resource.kind
    case 'transaction':
      return 'fee'
    case 'checkout_session':
    case 'order':
    case 'invoice':
      return 'order'
    default:
      return 'payment'
  }
}

/** In what a known resource is behind when we lack this fact. */
export function behindReason(fact: Fact): string {
  if (fact.kind === 'order_total') return 'total'
  if (fact.kind === 'order_lines' || fact.kind === 'order_components') return 'lines'
  if (fact.kind === 'fulfillment_state') return 'tracking'
  return 'state'
}

/** Of two reasons for one difference the one to be shown. */
export function strongerReason(a: string, b: string): string {
  return [a, b].includes('state') ? 'state' : a
}

/** In what two witnesses of one version differ. */
export function driftReason(fact: Fact): string {
  if (fact.kind === 'order_lines' || fact.kind === 'order_components') return 'lines'
  if (fact.kind === 'order_numbered') return 'reference'
  return 'amount'
}
