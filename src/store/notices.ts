import pg from 'pg'

export type Listener = { close(): Promise<void> }

/**
 * Hears notices on `channel` over a connection of its own, which is made again after it broke. `onNotice` is also
 * called after each (re)connection, because what was said meanwhile is lost. Never throws: without it, polling goes on.
 */
export function listen(
  url: string,
  channel: string,
  { onNotice, onError }: { onNotice: () => void; onError: (error: Error) => void },
): Listener {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let waitMs = 250

  const again = () => {
    client = undefined
    if (isClosed || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      void connect()
    }, waitMs)
    waitMs = Math.min(waitMs * 2, 5_000)
  }

  const connect = async () => {
    const mine = new pg.Client({
      connectionString: url,
      application_name: 'ordersync listen',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    })
    client = mine
    mine.on('error', onError)
    mine.on('end', again)
    mine.on('notification', onNotice)
    try {
      await mine.connect()
      await mine.query(`listen ${pg.escapeIdentifier(channel)}`)
      waitMs = 250
      onNotice()
    } catch (error) {
      onError(error as Error)
      // 'end' follows when the connection had been made; otherwise nothing does.
      mine.end().catch(() => {})
      if (client === mine) again()
    }
  }
  void connect()

  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}

/** Tells every listener that there is work. One statement of its own: inside another transaction it would serialise commits. */
export async function notice(on: pg.Pool, channel: string): Promise<void> {
  await on.query({ name: 'notices.notice', text: "select pg_notify($1, '')", values: [channel] })
}
