import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * A port on loopback that was free a moment ago, below those that systems hand out by themselves: of these one may be
 * given to somebody's connection before it is listened at.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
