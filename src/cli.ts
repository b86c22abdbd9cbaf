import { Command, CommanderError } from 'commander'
import { connectionsCommand } from './cli/connections.ts'
import { demoCommand } from './cli/demo.ts'
import { doctorCommand } from './cli/doctor.ts'
import { eventsCommand } from './cli/events.ts'
import { Failure, Misuse } from './cli/failure.ts'
import { inventoryCommand } from './cli/inventory.ts'
import { keysCommand } from './cli/keys.ts'
import { ledgerCommand } from './cli/ledger.ts'
import { migrateCommand } from './cli/migrate.ts'
import { ordersCommand } from './cli/orders.ts'
import { reconcileCommand } from './cli/reconcile.ts'
import { openapiCommand, triggerCommand } from './cli/sandbox.ts'
import { startCommand } from './cli/start.ts'
import { ConfigError } from './config.ts'
import { StartError } from './main.ts'
import { packageVersion } from './package-root.ts'
import { MigrationError } from './store/migrate.ts'

/** The `ordersync` command. Exit status: 0 done, 1 failed, 2 wrong usage. */
function program(write: Write): Command {
  const made = new Command('ordersync')
    .description("Keeps an online store's orders true, from payment to fulfillment")
    .version(packageVersion())
    .exitOverride()
  for (const one of commands) made.addCommand(one())
  writeTo(made, write)
  return made
}

type Write = { readonly out: (text: string) => void; readonly err: (text: string) => void }

/** Help and usage errors; each command has an output of its own that must be told. */
function writeTo(command: Command, { out, err }: Write): void {
  command.configureOutput({ writeOut: out, writeErr: err })
  for (const one of command.commands) writeTo(one, { out, err })
}

const commands = [
  startCommand,
  demoCommand,
  migrateCommand,
  doctorCommand,
  connectionsCommand,
  eventsCommand,
  ordersCommand,
  reconcileCommand,
  ledgerCommand,
  inventoryCommand,
  keysCommand,
  triggerCommand,
  openapiCommand,
]

const streams: Write = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
}

/** Runs one command line and returns its exit status. */
export async function run(parameters: readonly string[], write: Write = streams): Promise<number> {
  try {
    await program(write).parseAsync([...parameters], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    write.err(`${wordsFor(error)}\n`)
    return error instanceof Misuse ? 2 : 1
  }
}

/** Expected failures in a sentence; what nobody expected with its stack, for a report. */
function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isExpected = [ConfigError, StartError, MigrationError, Failure, Misuse].some(
    (kind) => error instanceof kind,
  )
  if (isExpected) return error.message
  const { code, syscall, severity } = error as { code?: string; syscall?: string; severity?: string }
  if (severity === 'FATAL') return `the database refuses us: ${error.message} (${code})`
  if (syscall !== undefined || error instanceof AggregateError)
    return `the database cannot be reached (${code}); is DATABASE_URL right?`
  return error.stack ?? error.message
}
