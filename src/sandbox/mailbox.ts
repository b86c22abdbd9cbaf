import { type AddressInfo, createServer, type Socket } from 'node:net'

export type Mail = {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  /** Header names in lower case; of a repeated one the last. Encoded words are left as they came. */
  readonly headers: ReadonlyMap<string, string>
  readonly raw: string
}

export type Mailbox = {
  /** `smtp://127.0.0.1:PORT`. */
  readonly url: string
  readonly mails: readonly Mail[]
  stop(): Promise<void>
}

/** Larger mails are refused: nothing here sends one. */
const mailBytesMax = 4 << 20

/** An SMTP server that accepts every mail and keeps it. No TLS, no authentication, loopback only. */
export async function startMailbox({
  onMail,
  port = 0,
}: {
  onMail?: (mail: Mail) => void
  port?: number
} = {}): Promise<Mailbox> {
  const mails: Mail[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    converse(socket, (mail) => {
      mails.push(mail)
      onMail?.(mail)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** One connection: commands a line each, and after DATA a mail that ends at a line with a single dot. */
function converse(socket: Socket, keep: (mail: Mail) => void): void {
  let from = ''
  let to: string[] = []
  let text = ''
  let inData = false
  const answer = (line: string) => socket.write(`${line}\r\n`)
  const commands: { readonly [verb: string]: (rest: string) => void } = {
    EHLO: () => answer('250-mailbox.local\r\n250-8BITMIME\r\n250 SIZE 4194304'),
    HELO: () => answer('250 mailbox.local'),
    MAIL: (rest) => {
      from = addressIn(rest)
      to = []
      answer('250 2.1.0 Ok')
    },
    RCPT: (rest) => {
      to.push(addressIn(rest))
      answer('250 2.1.5 Ok')
    },
    DATA: () => {
      inData = true
      answer('354 End data with <CR><LF>.<CR><LF>')
    },
    RSET: () => answer('250 2.0.0 Ok'),
    NOOP: () => answer('250 2.0.0 Ok'),
    QUIT: () => socket.end('221 2.0.0 Bye\r\n'),
  }
  answer('220 mailbox.local ESMTP')
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.length > mailBytesMax) socket.destroy()
    for (;;) {
      const end = inData ? text.search(/(^|\r\n)\.\r\n/) : text.indexOf('\r\n')
      if (end < 0) return
      if (!inData) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        const command = commands[line.slice(0, 4).toUpperCase()]
        if (command === undefined) answer('502 5.5.2 Command not recognized')
        else command(line.slice(4))
        continue
      }
      const raw = text.slice(0, end).replace(/^\.\./gm, '.')
      text = text.slice(end).replace(/^(\r\n)?\.\r\n/, '')
      inData = false
      keep({ from, to, raw, ...readHeaders(raw) })
      answer('250 2.0.0 Ok: kept')
    }
  })
}

const addressIn = (text: string) => /<([^>]*)>/.exec(text)?.[1] ?? ''

function readHeaders(raw: string): Pick<Mail, 'subject' | 'headers'> {
  const head = raw.split('\r\n\r\n', 1)[0]!.replace(/\r\n[ \t]+/g, ' ')
  const headers = new Map(
    head.split('\r\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
  return { subject: headers.get('subject') ?? '', headers }
}
