import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Option } from 'commander'
import { verifyHistory } from '../store/verify.ts'
import { serviceApi } from './api.ts'
import { command, group, type JsonOption } from './command.ts'
import { withDatabase } from './database.ts'
import { Failure } from './failure.ts'
import { printJson, printTable, progress } from './print.ts'

/** `ordersync ledger export|verify|periods|close|reopen` */
export function ledgerCommand(): Command {
  return group('ledger', 'the books', exportBooks(), verify(), periods(), close(), reopen())
}

function exportBooks(): Command {
  return command('export', 'print every journal entry')
    .addOption(
      new Option('--format <format>', 'for which program')
        .choices(['hledger', 'beancount', 'ledger', 'csv'])
        .default('hledger'),
    )
    .option('--output <file>', 'write to a file instead')
    .action(async ({ format, output, json }: JsonOption & { format: string; output?: string }) => {
      const text = await serviceApi().text('/ledger/export', { format })
      if (output !== undefined) writeFileSync(output, text)
      if (json) printJson(output === undefined ? { format, text } : { format, output })
      else if (output === undefined) process.stdout.write(text)
    })
}

function verify(): Command {
  return command('verify', 'check that the history and the books are as they were recorded')
    .option('--head <hash>', 'a hash of the chain that was written down before; it must still be there')
    .action(async ({ head, json }: JsonOption & { head?: string }) => {
      const bar = progress()
      const found = await withDatabase((db) =>
        verifyHistory(db, { expectedHead: head, onProgress: (links) => bar.show(`${links} links checked`) }),
      )
      bar.end()
      if (json)
        printJson({
          ok: found.problems.length === 0,
          links: found.links,
          head: found.head,
          problems: found.problems,
        })
      else console.log(`${found.links} links, head ${found.head.hash}`)
      if (found.problems.length > 0)
        throw new Failure(`the history is not as it was recorded:\n  ${found.problems.join('\n  ')}`)
      if (!json) console.log('the history and the books are as they were recorded')
    })
}

type Period = { month: string; status: string; closed_at: string; note: string }

const modeOption = () => new Option('--mode <mode>', 'of which books').choices(['test', 'live'])

function periods(): Command {
  return command('periods', 'list the closings of months')
    .addOption(modeOption())
    .action(async ({ mode, json }: JsonOption & { mode?: string }) => {
      const rows = await serviceApi().list<Period>('/periods', { mode }, 200)
      if (json) printJson({ data: rows })
      else
        printTable(rows, [
          ['month', ({ month }) => month],
          ['status', ({ status }) => status],
          ['closed', ({ closed_at: at }) => at],
          ['note', ({ note }) => note],
        ])
    })
}

type CloseOptions = JsonOption & { mode?: string; note?: string; despite?: string[] }

function close(): Command {
  return command('close', 'close a month and those before it')
    .argument('<month>', 'such as 2026-03')
    .addOption(modeOption())
    .option('--note <text>', 'what to write beside it')
    .addOption(
      new Option('--despite <obstacle...>', 'accept what stands in the way').choices([
        'events',
        'reconciliation',
        'clearing',
        'suspense',
      ]),
    )
    .action(async (month: string, { json, ...options }: CloseOptions) => {
      await act(`/periods/${month}/close`, options, json)
    })
}

function reopen(): Command {
  return command('reopen', 'open the last closed month again')
    .argument('<month>', 'such as 2026-03')
    .addOption(modeOption())
    .option('--note <text>', 'why')
    .action(async (month: string, { json, ...options }: JsonOption & { mode?: string; note?: string }) => {
      await act(`/periods/${month}/reopen`, options, json)
    })
}

async function act(path: string, body: object, json: boolean | undefined): Promise<void> {
  const period = await serviceApi().post<Period>(path, body)
  if (json) printJson(period)
  else console.log(`${period.month} is ${period.status === 'closed' ? 'closed' : 'open again'}`)
}
