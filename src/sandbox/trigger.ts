import type { ConnectionSettings } from '../providers/provider.ts'
import { type Examples, type Reply, send } from './letter.ts'
import { shopifyExamples } from './shopify/trigger.ts'
import { stripeExamples } from './stripe/trigger.ts'

const examples = new Map<string, Examples>([
  ['stripe', stripeExamples],
  ['shopify', shopifyExamples],
])

/** What can be triggered, by provider. */
export const triggerTypes: ReadonlyMap<string, readonly string[]> = new Map(
  [...examples].map(([provider, { types }]) => [provider, types]),
)

/** Signs and sends one example event to a running service. Undefined for a type that there is no example of. */
export async function trigger(
  type: string,
  {
    url,
    connection,
    now = new Date(),
  }: {
    url: string
    connection: Pick<ConnectionSettings, 'provider' | 'webhookSecrets' | 'extra'>
    now?: Date
  },
): Promise<(Reply & { readonly id: string }) | undefined> {
  const letter = examples.get(connection.provider)?.letter(type, { connection, now })
  return letter && { id: letter.id, ...(await send(url, letter, { timeoutMs: 10_000 })) }
}
