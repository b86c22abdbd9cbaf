/** A process with the reconciler role alone, that kills itself at the labelled point it is told. For reconcile-faults.test.ts. */
import { subscribe } from 'node:diagnostics_channel'
import { configOf, startRoles } from './running.ts'

const [databaseUrl, twinUrl, label] = process.argv.slice(2) as [string, string, string]

subscribe('ordersync:point', (message) => {
  if (message === label) process.kill(process.pid, 'SIGKILL')
})
await startRoles(configOf(databaseUrl, twinUrl, {}), ['reconciler'])
