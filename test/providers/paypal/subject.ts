import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionSettings } from '../../../src/providers/provider.ts'
import { twinAuthority } from '../../../src/sandbox/paypal/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'ordersync-paypal-'))

/** The twin's authority as a file, for `caFile`. */
export const caFile = join(folder, 'authority.pem')
writeFileSync(caFile, twinAuthority)

/** A connection that is the whole shop, with two webhook ids while one is replaced. */
export const settings: ConnectionSettings = {
  id: 'paypal-main',
  provider: 'paypal',
  mode: 'test',
  speaksFor: ['order', 'payment'],
  account: 'paypal-main',
  webhookSecrets: ['8PT597110X687430L'],
  toleranceSeconds: 300,
  orderReference: [],
  accept: {},
  ordersFrom: [],
  extra: {
    webhookId: '1JE4291016473214C',
    clientId: 'twin-client',
    clientSecret: 'twin-client-secret',
    caFile,
  },
}
