import type { ConnectionSettings } from '../provider.ts'
import { keyOf } from './verify.ts'

/** Mistakes that show without a call. No secret is repeated. */
export function check(connection: ConnectionSettings): readonly string[] {
  const { webhookSecrets, extra } = connection
  return [
    ...(webhookSecrets.length === 0 ? ['webhookSecrets: is empty; at least one secret is needed'] : []),
    ...webhookSecrets.flatMap((secret, index) =>
      keyOf(secret) === undefined
        ? [`webhookSecrets[${index}]: is neither whsec_ nor whpk_ and base64, of 16 bytes or more`]
        : [],
    ),
    ...Object.keys(extra).map((name) => `${name}: is no setting of this provider`),
  ]
}
