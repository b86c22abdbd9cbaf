import { type Command, InvalidArgumentError } from 'commander'
import { type LoadedConfig, loadConfig } from '../config.ts'
import { createLogger } from '../log.ts'
import { type Role, type Running, roles, startSystem } from '../main.ts'
import { providers } from '../providers/registry.ts'
import { command } from './command.ts'

/** `ordersync start [--role web,worker,reconciler]` */
export function startCommand(): Command {
  return command('start', 'start the service; with no DATABASE_URL on a Postgres of its own')
    .option('--role <list>', 'what this process does, separated by commas', rolesOf, [...roles])
    .action(async ({ role, json }: { role: Role[]; json?: boolean }) => {
      const loaded = loadConfig({ providers, mayGenerate: true })
      const { config } = loaded
      const log = createLogger(config)
      for (const warning of loaded.warnings) log.warn('setting_without_effect', { reason: warning })
      process.on('uncaughtException', (error) => {
        log.error('crashed', { error })
        process.exitCode = 1
        setImmediate(() => process.exit(1))
      })
      const asked = ending() // from here on: a signal that comes during the start stops what has started
      const running = await startSystem(config, { roles: role, log })
      announce(loaded, running, json === true)
      await asked
      await running.stop()
      // Everything is closed; should a socket of some library think otherwise, nobody has to wait for it.
      setTimeout(() => process.exit(0), 500).unref()
    })
}

function rolesOf(text: string): Role[] {
  const wanted = text.split(',').map((name) => name.trim())
  const unknown = wanted.find((name) => !(roles as readonly string[]).includes(name))
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of ${roles.join(', ')}`)
  return wanted as Role[]
}

/** To people, beside the log: standard error, so that standard output stays one JSON line each. */
function announce(
  { config, generated }: LoadedConfig,
  { url, generated: adminKey }: Running,
  isJson: boolean,
): void {
  const made = [...generated, ...(adminKey === undefined ? [] : [adminKey])]
  if (isJson) {
    const secrets = Object.fromEntries(made.map(({ name, value }) => [name, value]))
    console.error(
      JSON.stringify({
        url,
        webhooks: url && config.connections.map(({ provider, id }) => `${url}/webhooks/${provider}/${id}`),
        ...secrets,
      }),
    )
    return
  }
  if (url !== undefined) {
    console.error(`\nordersync is ready at ${url}  (admin ${url}/admin, API ${url}/api/v1)`)
    for (const { provider, id } of config.connections)
      console.error(`  webhooks  ${config.publicUrl ?? url}/webhooks/${provider}/${id}`)
  }
  for (const { name, value, path } of made)
    console.error(`  ${name}  ${value}\n    made just now and shown this once; kept in ${path}`)
  console.error('')
}

/** Resolves at the first SIGTERM or SIGINT; at the second the process ends at once. */
function ending(): Promise<void> {
  return new Promise((resolve) => {
    let asked = 0
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        asked++
        if (asked > 1) process.exit(1)
        resolve()
      })
    }
  })
}
