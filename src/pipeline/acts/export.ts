import type { Person } from '../../core/fact.ts'
import { printDecimal } from '../../core/money.ts'
import { writeAudit } from '../../store/audit.ts'
import { inTransaction } from '../../store/database.ts'
import * as acts from '../../store/acts.ts'
import * as erasures from '../../store/erasures.ts'
import { statesOf } from '../../store/orders.ts'
import { customerHash, emailHash } from '../record/people.ts'
import { orderOf } from '../record/state.ts'
import type { System } from '../system.ts'

/** Gathers what is held of a customer, for the operator to hand over: what was said of them, and their orders. */
export async function exportCustomer(
  system: System,
  {
    id,
    connection,
    email,
    customerId,
  }: { id: string; connection: string; email?: string; customerId?: string },
): Promise<void> {
  const hashes = [
    ...(email === undefined ? [] : [emailHash(system.personKey, email)]),
    ...(customerId === undefined ? [] : [customerHash(system.personKey, customerId)]),
  ]
  const now = system.now()
  await inTransaction(system.db.web, async (on) => {
    const persons = await erasures.personsByHashes(on, hashes, hashes)
    const own = await erasures.ordersOfPersons(
      on,
      persons.map((row) => row.id),
    )
    const orders = await statesOf(
      on,
      (
        await erasures.members(
          on,
          own.map((row) => row.id),
        )
      ).map((row) => row.id),
    )
    const data = {
      customer: { email, customer_id: customerId },
      persons: persons.flatMap((row) => (row.data === null ? [] : [JSON.parse(row.data) as Person])),
      orders: orders.flatMap(({ id: orderId, state }) => {
        if (state === null) return []
        const order = orderOf(state)
        const total =
          order.currency === undefined
            ? undefined
            : `${printDecimal({ amountMinor: order.totals.orderedMinor, currency: order.currency })} ${order.currency}`
        const lines = order.lineItems.map(({ title, sku, quantity }) => ({ title, sku, quantity }))
        return [{ id: orderId, number: order.number, placed_at: order.placedAt, total, line_items: lines }]
      }),
    }
    await acts.keepExport(on, id, connection, now.toISOString(), JSON.stringify(data))
    const detail = { persons: data.persons.length, orders: data.orders.length }
    await writeAudit(on, {
      at: now,
      actor: connection,
      action: 'export_customer',
      target: id,
      address: null,
      result: 'done',
      detail,
    })
  })
}
