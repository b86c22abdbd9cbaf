import { join } from 'node:path'
import type { Command } from 'commander'
import { loadEnvironment } from '../config.ts'
import { runDemo } from '../sandbox/demo.ts'
import { command, type JsonOption } from './command.ts'
import { printJson } from './print.ts'

/** `ordersync demo`: a day of a shop that does not exist, on a database of its own. */
export function demoCommand(): Command {
  return command('demo', 'a day of a made-up shop, on the terminal')
    .option(
      '--once',
      'end after the day instead of serving until Ctrl-C; so it does where there is no terminal',
    )
    .option('--exit', 'the same')
    .action(async ({ json, once, exit }: JsonOption & { once?: boolean; exit?: boolean }) => {
      const { host, port, dataDir } = loadEnvironment()
      const isTerminal = process.stdout.isTTY === true
      const ending = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
      const result = await runDemo({
        dataDir: join(dataDir, 'demo'),
        host,
        port,
        isOnce: once === true || exit === true || json === true || !isTerminal,
        isColoured: isTerminal,
        write: (text) => (json ? process.stderr : process.stdout).write(text),
        signal: ending.signal,
      })
      if (json) printJson(result)
      // Everything is closed; should a socket of some library think otherwise, nobody has to wait for it.
      setTimeout(() => process.exit(), 500).unref()
    })
}
