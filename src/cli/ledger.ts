import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Option } from 'commander'
import { verifyHistory } from '../store/verify.ts'
import { serviceApi } from './api.ts'
import { command, group, type JsonOption } from './command.ts'
import { withDatabase } from './database.ts'
import { Failure } from './failure.ts'
import { printJson, progress } from './print.ts'

/** `ordersync ledger export|verify` */
export function ledgerCommand(): Command {
  return group('ledger', 'the books', exportBooks(), verify())
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
