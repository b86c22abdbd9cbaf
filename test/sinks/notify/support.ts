/** A review of the order that `itemOf` has, with characters that mean something to Slack. */
export const review = {
  kind: 'review',
  key: 'notify:overpaid:ord_1',
  body: { code: 'overpaid', detail: 'captured 60.00 <above> ordered 50.00 & more' },
}
