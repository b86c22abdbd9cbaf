import { Readable } from 'node:stream'
import { isIP } from 'node:net'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Attempt, Performed } from '../sink.ts'
import { NotAllowed } from '../sink.ts'

export type SmtpSettings = {
  readonly url: string // smtp://user:password@host:port, or smtps://
  readonly sender: string // bare address, for the envelope
  /** For each step until the message is about to end, and for silence in between. */
  readonly stepTimeoutMs: number
  /** For the server's word on the whole message; servers scan mails, so this is long. */
  readonly replyTimeoutMs: number
}

// How far an attempt came. Until the final dot the server has taken nothing on; after it only its reply can tell.
type Progress = { stage: 'session' | 'message' | 'dot' }

/**
 * Hands one message to the SMTP server, once. Nodemailer's connection does the talking; what it cannot tell, whether the
 * final dot has gone, is known here because the message is a stream: nodemailer writes the dot when the stream ends, and
 * the stream ends only after `mayLeave` was granted.
 *
 * Before the dot everything but a 5xx about this mail may be tried again; after the dot silence is `unknown`.
 */
export async function sendOnce(
  attempt: Attempt,
  messageId: string,
  settings: SmtpSettings,
): Promise<Performed> {
  if (attempt.signal.aborted) return { kind: 'retry', error: 'stopped before it left', isDown: false }
  const progress: Progress = { stage: 'session' }
  const connection = new SMTPConnection(optionsOf(settings))
  const deadline = AbortSignal.any([attempt.signal, AbortSignal.timeout(settings.replyTimeoutMs)])
  const ended = endOf(connection, deadline)
  try {
    await Promise.race([connect(connection), ended])
    await Promise.race([login(connection, settings), ended])
    progress.stage = 'message'
    const message = Readable.from(endingOnlyWhenAllowed(attempt, messageId, progress), { objectMode: false })
    message.once('end', () =>
      setImmediate(() => {
        attempt.point('smtp.after_final_dot')
        attempt.sent()
      }),
    )
    await Promise.race([deliver(connection, { from: settings.sender, to: [...attempt.to] }, message), ended])
    attempt.point('smtp.after_250')
    connection.quit()
    return { kind: 'done', reference: messageId }
  } catch (error) {
    return outcomeOf(error as SmtpError, progress)
  } finally {
    connection.close()
  }
}

/** The message's bytes; the end of this stream is what makes nodemailer write the final dot. */
async function* endingOnlyWhenAllowed(
  attempt: Attempt,
  messageId: string,
  progress: Progress,
): AsyncGenerator<Uint8Array> {
  attempt.point('smtp.after_mail_from') // the envelope is accepted: nodemailer reads the message from here on
  yield attempt.bytes
  await attempt.mayLeave(messageId)
  attempt.point('smtp.before_final_dot')
  progress.stage = 'dot'
}

type SmtpError = Error & { code?: string; responseCode?: number }

function outcomeOf(error: SmtpError, { stage }: Progress): Performed {
  if (error instanceof NotAllowed) throw error
  const reply = error.responseCode
  if (reply !== undefined && reply >= 400) {
    const words = `the mail server answered ${reply}`
    // A greeting or a login refused is about the server and us, not about this mail, and can be put right.
    if (stage === 'session') return { kind: 'retry', error: words, isDown: true }
    return reply >= 500
      ? { kind: 'failed', error: words }
      : { kind: 'retry', error: words, isDown: reply === 421 }
  }
  const words = `the connection to the mail server failed: ${error.code ?? error.name}`
  return stage === 'dot' ? { kind: 'unknown', error: words } : { kind: 'retry', error: words, isDown: true }
}

/** Rejects when the connection failed, ended or took too long: nothing more will be heard over it. */
function endOf(connection: SMTPConnection, deadline: AbortSignal): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    connection.on('error', reject)
    // Given a turn, because the reply that made nodemailer end the session is told after it has ended.
    connection.once('end', () =>
      setImmediate(reject, Object.assign(new Error('the connection ended'), { code: 'ECLOSED' })),
    )
    deadline.addEventListener('abort', () => {
      reject(Object.assign(new Error('no reply in time'), { code: 'ETIMEDOUT' }))
      connection.close()
    })
  })
  ended.catch(() => {})
  return ended
}

function connect(connection: SMTPConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.connect((error?: Error | null) => (error ? reject(error) : resolve()))
  })
}

async function login(connection: SMTPConnection, settings: SmtpSettings): Promise<void> {
  const { username, password } = new URL(settings.url)
  if (username === '') return
  await new Promise<void>((resolve, reject) => {
    const credentials = { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
    connection.login(credentials, (error?: Error | null) => (error ? reject(error) : resolve()))
  })
}

function deliver(
  connection: SMTPConnection,
  envelope: { from: string; to: string[] },
  message: Readable,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // The stream's own failure is `mayLeave` saying no: told apart from the server's, and the connection is dropped.
    message.once('error', reject)
    connection.send(envelope, message, (error) => (error ? reject(error) : resolve()))
  })
}

function optionsOf({
  url,
  stepTimeoutMs,
  replyTimeoutMs,
}: SmtpSettings): ConstructorParameters<typeof SMTPConnection>[0] {
  const { protocol, hostname, port, username } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const secure = protocol === 'smtps:'
  return {
    host,
    port: port === '' ? (secure ? 465 : username === '' ? 25 : 587) : Number(port),
    secure,
    // Plain smtp:// to this machine never leaves it. Elsewhere STARTTLS is taken where offered, its certificate checked,
    // and demanded before a password goes out.
    ignoreTLS: !secure && isLoopback(host),
    requireTLS: !secure && username !== '' && !isLoopback(host),
    connectionTimeout: stepTimeoutMs,
    greetingTimeout: stepTimeoutMs,
    dnsTimeout: stepTimeoutMs,
    socketTimeout: replyTimeoutMs,
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
