import type { Command } from 'commander'
import { type Connection, loadConfig, loadEnvironment } from '../config.ts'
import { openapiDocument } from '../http/admin/openapi.ts'
import { providers } from '../providers/registry.ts'
import { trigger, triggerTypes } from '../sandbox/trigger.ts'
import { command, type JsonOption } from './command.ts'
import { Failure, Misuse } from './failure.ts'
import { printJson } from './print.ts'

/** `ordersync trigger PROVIDER EVENT`: a signed example event, sent to the running service. */
export function triggerCommand(): Command {
  return command('trigger', 'send one signed example event to the running service')
    .argument('<provider>', "a provider's name")
    .argument('<event>', 'an event type of that provider')
    .option('--connection <id>', "which connection; default the provider's first of mode test")
    .addHelpText('after', `\n${listOfAll()}`)
    .action(
      async (
        provider: string,
        type: string,
        { json, connection: id }: JsonOption & { connection?: string },
      ) => {
        if (triggerTypes.get(provider)?.includes(type) !== true)
          throw new Misuse(`there is no example of ${type} of ${provider}\n${listOfAll()}`)
        const { config } = loadConfig({ providers })
        const connection = config.connections.find(
          (one) => one.provider === provider && one.mode === 'test' && (id === undefined || one.id === id),
        )
        if (connection === undefined)
          throw new Failure(
            `no connection of ${provider} in mode test${id === undefined ? '' : ` named ${id}`}`,
          )
        checkSecret(connection)
        const sent = await trigger(type, { url: addressOf(connection), connection })
        const { id: eventId, status, answer, error } = sent!
        if (json) printJson({ event_id: eventId, type, status, answer, error })
        else console.log(`${type} ${eventId} → ${status ?? error} ${answer ?? ''}`)
        if (status === undefined || status >= 300)
          throw new Failure(`the service did not take it (${status ?? error})`)
      },
    )
}

function listOfAll(): string {
  return [...triggerTypes]
    .map(([provider, types]) => `events of ${provider}:\n  ${types.join('\n  ')}`)
    .join('\n')
}

/** `ordersync openapi`: the description of the admin API, without a running service. */
export function openapiCommand(): Command {
  return command('openapi', 'print the OpenAPI description of the admin API').action(() =>
    printJson(openapiDocument()),
  )
}

function addressOf({ provider, id }: Connection): string {
  const { host, port } = loadEnvironment()
  const reachable =
    host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${reachable}:${port}/webhooks/${provider}/${id}`
}

function checkSecret({ id, webhookSecrets }: Connection): void {
  if (webhookSecrets.length === 0)
    throw new Failure(`connection ${id} has no webhook secret; start the service once, or set it`)
}
