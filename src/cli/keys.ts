import type { Command } from 'commander'
import { Option } from 'commander'
import { newId } from '../pipeline/ids.ts'
import { createKey, type KeyRow, listKeys, type Role, revokeKey } from '../store/keys.ts'
import { command, group, type JsonOption, time } from './command.ts'
import { withDatabase } from './database.ts'
import { Failure } from './failure.ts'
import { printJson, printTable } from './print.ts'

const shownMax = 1_000

/** `ordersync keys create|list|revoke`, on the database itself: a key can be made when none is left. */
export function keysCommand(): Command {
  return group('keys', 'make and revoke keys of the admin API', create(), list(), revoke())
}

function create(): Command {
  return command('create', 'make a key; it is shown this once')
    .addOption(
      new Option('--role <role>', 'what it may do')
        .choices(['viewer', 'operator', 'admin'])
        .makeOptionMandatory(),
    )
    .option('--connection <id...>', 'limit it to these connections')
    .option('--expires-at <time>', 'when it stops working', time)
    .action(async (given: JsonOption & { role: Role; connection?: string[]; expiresAt?: string }) => {
      const now = new Date()
      const { key, row } = await withDatabase((db) =>
        createKey(db.web, {
          id: newId('key', now),
          role: given.role,
          connections: given.connection ?? null,
          expiresAt: given.expiresAt ?? null,
          now,
        }),
      )
      if (given.json) printJson({ id: row.id, key, prefix: row.prefix, role: row.role })
      else console.log(`${key}\n\n${row.role} key ${row.id}; it is stored as a digest only, so keep it now`)
    })
}

function list(): Command {
  return command('list', 'keys, newest first').action(async ({ json }: JsonOption) => {
    const rows = await withDatabase((db) => listKeys(db.web, 9_223_372_036_854_775_807n, shownMax))
    if (json) printJson({ data: rows.map(view) })
    else {
      printTable(rows.map(view), [
        ['ID', (row) => row.id],
        ['PREFIX', (row) => row.prefix],
        ['ROLE', (row) => row.role],
        ['CREATED', (row) => row.created_at],
        ['LAST USED', (row) => row.last_used_at],
        [
          'STATE',
          (row) =>
            row.revoked_at
              ? `revoked ${row.revoked_at}`
              : row.expires_at
                ? `until ${row.expires_at}`
                : 'valid',
        ],
      ])
    }
  })
}

function revoke(): Command {
  return command('revoke', 'stop a key from working, for good')
    .argument('<id>', "the key's id, as `keys list` shows it")
    .action(async (id: string, { json }: JsonOption) => {
      const row = await withDatabase((db) => revokeKey(db.web, id, new Date()))
      if (row === undefined) throw new Failure(`there is no key ${id}`)
      if (json) printJson(view(row))
      else console.log(`${id} is revoked`)
    })
}

function view({ seq: _, ...row }: KeyRow): Omit<KeyRow, 'seq'> {
  return row
}
