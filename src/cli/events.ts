import type { Command } from 'commander'
import { serviceApi } from './api.ts'
import { command, count, group, type JsonOption, time } from './command.ts'
import { Failure, Misuse } from './failure.ts'
import { printFields, printJson, printTable, progress } from './print.ts'

type Event = {
  id: string
  connection: string
  type: string
  status: string
  status_reason: string | null
  received_at: string
  provider_event_id: string
  attempts: number
  deliveries: number
  order_ids: string[]
  payload?: unknown
}

/** `ordersync events list|show|replay` */
export function eventsCommand(): Command {
  return group('events', 'what providers reported', list(), show(), replay())
}

function list(): Command {
  return command('list', 'events, newest first')
    .option('--connection <id>')
    .option('--type <type>')
    .option('--status <status>', 'pending, processed, failed, ignored or needs_review')
    .option('--source <source>', 'webhook, poll or reread')
    .option('--order <id>', "an order's id")
    .option('--provider-event-id <id>')
    .option('--since <time>', 'received at or after', time)
    .option('--until <time>', 'received before', time)
    .option('--limit <n>', 'at most so many', count, 50)
    .action(
      async ({
        json,
        limit,
        providerEventId,
        ...filter
      }: JsonOption & { limit: number; providerEventId?: string }) => {
        const rows = await serviceApi().list<Event>(
          '/events',
          { ...filter, provider_event_id: providerEventId },
          limit,
        )
        if (json) return printJson({ data: rows })
        printTable(rows, [
          ['ID', (row) => row.id],
          ['RECEIVED', (row) => row.received_at],
          ['CONNECTION', (row) => row.connection],
          ['TYPE', (row) => row.type],
          ['STATUS', (row) => row.status],
          ['REASON', (row) => row.status_reason],
        ])
      },
    )
}

function show(): Command {
  return command('show', 'one event with its payload')
    .argument('<id>')
    .action(async (id: string, { json }: JsonOption) => {
      const event = await serviceApi().get<Event>(`/events/${encodeURIComponent(id)}`)
      if (json) return printJson(event)
      const { payload, ...fields } = event
      printFields(Object.entries(fields))
      console.log(JSON.stringify(payload, null, 2))
    })
}

type Run = { id: string; status: string; found: number }

function replay(): Command {
  return command('replay', 'enter stored events again; facts that are known change nothing')
    .argument('[id]', 'one event; without it, those that the filter finds')
    .option('--dry-run', 'only show what would change')
    .option('--connection <id>')
    .option('--type <type>')
    .option('--status <status>')
    .option('--since <time>', 'received at or after', time)
    .option('--until <time>', 'received before', time)
    .action(
      async (id: string | undefined, { json, dryRun, ...filter }: JsonOption & { dryRun?: boolean }) => {
        if (id === undefined && Object.keys(filter).length === 0)
          throw new Misuse('name an event, or a filter such as --status failed')
        const api = serviceApi()
        if (id !== undefined)
          return printJson(
            await api.post(`/events/${encodeURIComponent(id)}/replay`, { dry_run: dryRun === true }),
          )
        const bar = progress()
        let run = await api.post<Run>('/replays', { filter, dry_run: dryRun === true })
        while (run.status === 'queued' || run.status === 'running') {
          bar.show(`replay ${run.id} is ${run.status}`)
          await new Promise((resolve) => setTimeout(resolve, 300))
          run = await api.get<Run>(`/reconciliations/${run.id}`)
        }
        bar.end()
        if (json) printJson(run)
        else printFields(Object.entries(run))
        if (run.status === 'failed') throw new Failure(`replay ${run.id} failed`)
      },
    )
}
