import type { Command } from 'commander'
import { migrate } from '../store/migrate.ts'
import { command, type JsonOption } from './command.ts'
import { withDatabaseUrl } from './database.ts'
import { printJson } from './print.ts'

/** `ordersync migrate`: what every start does first, for deployments where one process does it for all. */
export function migrateCommand(): Command {
  return command('migrate', 'bring the database up to this version').action(async ({ json }: JsonOption) => {
    const applied = await withDatabaseUrl((url) => migrate(url))
    const names = applied.map(({ name }) => name)
    if (json) printJson({ applied: names })
    else console.log(names.length === 0 ? 'the database is up to date' : `applied ${names.join(', ')}`)
  })
}
