import { Command, CommanderError } from 'commander'
import { connectionsCommand } from './cli/connections.ts'
import { demoCommand } from './cli/demo.ts'
import { doctorCommand } from './cli/doctor.ts'
import { eventsCommand } from './cli/events.ts'
import { Failure } from './cli/failure.ts'
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

/** The `ordersync` command. Exit status: 0 done, 1 failed, 2 wrong usage. */
export function program(): Command {
  const made = new Command('ordersync')
    .description("Keeps an online store's orders true, from payment to fulfillment")
    .version(packageVersion())
    .exitOverride()
  for (const one of commands) made.addCommand(one())
  return made
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
  keysCommand,
  triggerCommand,
  openapiCommand,
]

/** Runs one command line and returns its exit status. */
export async function run(parameters: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...parameters], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    console.error(wordsFor(error))
    return 1
  }
}

/** Expected failures in a sentence; what nobody expected with its stack, for a report. */
function wordsFor(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StartError || error instanceof Failure)
    return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

process.exitCode = await run(process.argv.slice(2))
