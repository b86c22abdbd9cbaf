import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { serviceApi } from './api.ts'
import { command, group, type JsonOption } from './command.ts'
import { printJson } from './print.ts'

/** `ordersync inventory import FILE`. */
export function inventoryCommand(): Command {
  return group('inventory', 'say what is on hand', importing())
}

function importing(): Command {
  return command('import', 'set what is on hand from a CSV file')
    .argument('<file>', 'with the columns sku and on_hand')
    .action(async (file: string, { json }: JsonOption) => {
      const csv = await readFile(file, 'utf8')
      const answer = await serviceApi().post<{ imported: number }>('/inventory/import', { csv })
      if (json) printJson(answer)
      else console.log(`${answer.imported} SKUs are set`)
    })
}
