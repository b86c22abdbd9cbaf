import { canRead } from '../pipeline/readable.ts'
import type { Command } from 'commander'
import { type Connection, loadConfig } from '../config.ts'
import type { Api } from '../providers/provider.ts'
import { providers } from '../providers/registry.ts'
import { serviceApi } from './api.ts'
import { command, group, type JsonOption } from './command.ts'
import { Failure } from './failure.ts'
import { printJson, printTable } from './print.ts'

const timeoutMs = 20_000

/** `ordersync connections list|check|register` */
export function connectionsCommand(): Command {
  return group('connections', 'merchant accounts at providers', list(), check(), register())
}

type Listed = {
  id: string
  provider: string
  mode: string
  speaks_for?: string[]
  last_event_at?: string | null
  subscription?: { status?: string } | null
}

function list(): Command {
  return command('list', 'connections of the running service').action(async ({ json }: JsonOption) => {
    const rows = await serviceApi().list<Listed>('/connections', {}, 1_000)
    if (json) return printJson({ data: rows })
    printTable(rows, [
      ['ID', (row) => row.id],
      ['PROVIDER', (row) => row.provider],
      ['MODE', (row) => row.mode],
      ['SPEAKS FOR', (row) => row.speaks_for],
      ['SUBSCRIPTION', (row) => row.subscription?.status],
      ['LAST EVENT', (row) => row.last_event_at],
    ])
  })
}

export type Checked = {
  readonly id: string
  readonly ok: boolean
  readonly status: string
  readonly detail: string
}

function check(): Command {
  return command('check', 'ask each provider whether our webhook is registered and healthy')
    .argument('[id]', 'one connection; default all')
    .action(async (id: string | undefined, { json }: JsonOption) => {
      const { config } = loadConfig({ providers })
      const checked = await Promise.all(
        chosen(config.connections, id).map((connection) => checkConnection(connection, config.publicUrl)),
      )
      if (json) printJson({ data: checked })
      else {
        printTable(checked, [
          ['ID', (row) => row.id],
          ['STATUS', (row) => row.status],
          ['', (row) => row.detail],
        ])
      }
      if (checked.some(({ ok }) => !ok)) throw new Failure('not every connection is healthy')
    })
}

/** One connection as its provider sees it; what cannot be asked without a key or an address says so. */
export async function checkConnection(
  connection: Connection,
  publicUrl: string | undefined,
): Promise<Checked> {
  const { id } = connection
  const url = webhookUrl(connection, publicUrl)
  if (connection.webhookSecrets.length === 0 && Object.keys(connection.extra).length === 0) {
    return { id, ok: false, status: 'no_secret', detail: 'no webhook secret: no delivery can be verified' }
  }
  if (!canRead(connection))
    return { id, ok: true, status: 'unknown', detail: 'no apiKey: the provider cannot be asked' }
  if (url === undefined)
    return { id, ok: true, status: 'unknown', detail: 'no publicUrl: nothing to compare the endpoint with' }
  try {
    const state = await providers.get(connection.provider)!.subscription.inspect(apiOf(connection), url)
    return { id, ok: state.status === 'healthy', status: state.status, detail: state.detail }
  } catch (error) {
    return {
      id,
      ok: false,
      status: 'unreachable',
      detail: `the provider's API: ${(error as { kind?: string }).kind ?? (error as Error).name}`,
    }
  }
}

function register(): Command {
  return command(
    'register',
    'register or mend our webhook at the provider; prints the signing secret of a new one',
  )
    .argument('<id>')
    .action(async (id: string, { json }: JsonOption) => {
      const { config } = loadConfig({ providers })
      const [connection] = chosen(config.connections, id)
      const url = webhookUrl(connection!, config.publicUrl)
      if (url === undefined)
        throw new Failure('set publicUrl in the configuration: it is the address to register')
      if (!canRead(connection!)) throw new Failure(`set apiKey of connection ${id}: registering needs it`)
      const state = await providers.get(connection!.provider)!.subscription.ensure(apiOf(connection!), url)
      if (json) printJson(state)
      else {
        console.log(`${state.status}: ${state.detail}`)
        if (state.secret !== undefined)
          console.log(`signing secret, shown this once (put it into webhookSecrets): ${state.secret}`)
      }
      if (state.status !== 'healthy') throw new Failure(`the webhook of ${id} is ${state.status}`)
    })
}

function chosen(connections: readonly Connection[], id: string | undefined): readonly Connection[] {
  const found = connections.filter((connection) => id === undefined || connection.id === id)
  if (found.length === 0)
    throw new Failure(
      `there is no connection ${id}; there are ${connections.map((one) => one.id).join(', ')}`,
    )
  return found
}

function webhookUrl({ provider, id }: Connection, publicUrl: string | undefined): string | undefined {
  return publicUrl && `${publicUrl}/webhooks/${provider}/${id}`
}

function apiOf(connection: Connection): Api {
  return { connection, signal: AbortSignal.timeout(timeoutMs), timeoutMs }
}
