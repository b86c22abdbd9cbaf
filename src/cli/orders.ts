import type { Command } from 'commander'
import { type Api, serviceApi } from './api.ts'
import { command, count, group, type JsonOption, time } from './command.ts'
import { Failure } from './failure.ts'
import { type Money, money, printFields, printJson, printTable } from './print.ts'

type Order = {
  id: string
  number: string
  connection: string
  status: string
  payment_status: string
  dispute_status: string
  fulfillment_status: string
  needs_review: { code: string; detail: string }[]
  totals: { [name: string]: Money }
  line_items: { sku: string; title?: string; quantity: number; unit_price?: Money }[]
  references: { kind: string; id: string }[]
  placed_at: string
  updated_at: string
  version: number
}

/** `ordersync orders list|show|history` */
export function ordersCommand(): Command {
  return group('orders', 'orders, and how they came to be', list(), show(), history())
}

function list(): Command {
  return command('list', 'orders, newest first')
    .option('--reference <id>', 'an order number or any external id')
    .option('--status <status>')
    .option('--payment-status <status>')
    .option('--fulfillment-status <status>')
    .option('--connection <id>')
    .option('--needs-review', 'only those that a person must look at')
    .option('--updated-since <time>', 'changed at or after', time)
    .option('--limit <n>', 'at most so many', count, 50)
    .action(async (given: JsonOption & { limit: number; [filter: string]: unknown }) => {
      const { json, limit, paymentStatus, fulfillmentStatus, needsReview, updatedSince, ...rest } =
        given as JsonOption & { limit: number } & Record<string, string>
      const rows = await serviceApi().list<Order>(
        '/orders',
        {
          ...rest,
          payment_status: paymentStatus,
          fulfillment_status: fulfillmentStatus,
          needs_review: needsReview,
          updated_since: updatedSince,
        },
        limit,
      )
      if (json) return printJson({ data: rows })
      printTable(rows, [
        ['NUMBER', (row) => row.number],
        ['PAYMENT', (row) => row.payment_status],
        ['FULFILLMENT', (row) => row.fulfillment_status],
        ['TOTAL', (row) => money(row.totals.ordered)],
        ['CAPTURED', (row) => money(row.totals.captured)],
        ['REVIEW', (row) => row.needs_review.map(({ code }) => code)],
        ['UPDATED', (row) => row.updated_at],
        ['ID', (row) => row.id],
      ])
    })
}

function show(): Command {
  return command('show', 'one order')
    .argument('<ref>', 'its id, its number, or any external id')
    .option('--as-of <time>', 'as it was known then', time)
    .action(async (reference: string, { json, asOf }: JsonOption & { asOf?: string }) => {
      const api = serviceApi()
      const order = await api.get<Order>(`/orders/${await idOf(api, reference)}`, { as_of: asOf })
      if (json) return printJson(order)
      const { totals, line_items: lines, references, needs_review: reviews, ...fields } = order
      printFields(Object.entries(fields))
      printFields(Object.entries(totals).map(([name, value]) => [`  ${name}`, money(value)] as const))
      for (const line of lines)
        console.log(`line  ${line.quantity} × ${line.sku}  ${line.title ?? ''}  ${money(line.unit_price)}`)
      for (const review of reviews) console.log(`review  ${review.code}: ${review.detail}`)
      for (const one of references) console.log(`reference  ${one.kind} ${one.id}`)
    })
}

type Row = { at: string; recorded_at: string; kind: string; type: string; source: string; summary: string }

function history(): Command {
  return command('history', 'everything that happened to an order, as we learned it')
    .argument('<ref>', 'its id, its number, or any external id')
    .option('--limit <n>', 'at most so many', count, 200)
    .action(async (reference: string, { json, limit }: JsonOption & { limit: number }) => {
      const api = serviceApi()
      const rows = await api.list<Row>(`/orders/${await idOf(api, reference)}/history`, {}, limit)
      if (json) return printJson({ data: rows })
      printTable(rows, [
        ['RECORDED', (row) => row.recorded_at],
        ['AT', (row) => row.at],
        ['TYPE', (row) => row.type],
        ['SOURCE', (row) => row.source],
        ['', (row) => row.summary],
      ])
    })
}

async function idOf(api: Api, reference: string): Promise<string> {
  if (reference.startsWith('ord_')) return reference
  const found = await api.list<Order>('/orders', { reference }, 2)
  if (found.length === 0) throw new Failure(`no order has the number or reference ${reference}`)
  if (found.length > 1)
    throw new Failure(
      `several orders have the reference ${reference}; name one by its id: ${found.map(({ id }) => id).join(', ')}`,
    )
  return found[0]!.id
}
