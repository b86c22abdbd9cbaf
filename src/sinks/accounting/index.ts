import type { Attempt, Item, Performed, Prepared, Sink } from '../sink.ts'
import { type Answer, ask, type Request } from './ask.ts'
import { accessOf, forget, type TokenStore } from './oauth.ts'
import type { Program } from './program.ts'
import { quickbooks } from './quickbooks.ts'
import { type AccountMap, type Summary, summaryOf, theirAccount } from './summary.ts'
import { xero } from './xero.ts'

export type AccountingSettings = {
  readonly to: 'quickbooks' | 'xero'
  readonly mode: 'test' | 'live'
  readonly baseCurrency: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  /** Their id of the company: realm or tenant. */
  readonly company: string
  readonly accounts: AccountMap
  readonly apiBaseUrl?: string | undefined
  readonly tokens: TokenStore
  readonly now: () => Date
}

const programs: { readonly [to in AccountingSettings['to']]: Program } = { quickbooks, xero }

/**
 * Writes summaries of the books into an accounting program, each once. A first try goes out under the effect's id,
 * which the program knows again for a while; every further one looks for the journal before it writes, so that doubt is
 * settled by asking. Nothing is ever changed there.
 */
export function accountingSink(settings: AccountingSettings): Sink {
  const program = programs[settings.to]
  const door: Door = { settings, program, quietUntil: new Date(0) }
  return {
    name: 'accounting',
    concurrency: 1, // both allow few calls at a time, and a summary is not urgent
    isRepeatable: true,
    keepsRequest: true,
    attemptsMax: 40, // 5 s doubling to 1 h: about a day and a half
    backoff: { baseMs: 5_000, capMs: 3_600_000 },
    prepare: (item) => prepare(item, settings, program),
    call: (attempt) => write(attempt, door),
  }
}

function prepare(item: Item, settings: AccountingSettings, program: Program): Prepared {
  const summary = summaryOf(item.body)
  const refusal = program.refusal(summary, settings)
  if (refusal !== undefined) return { kind: 'cancelled', reason: refusal }
  const unmapped = summary.lines
    .map(({ account }) => account)
    .filter((account) => theirAccount(settings.accounts, account) === undefined)
  if (unmapped.length > 0)
    return {
      kind: 'failed',
      reason: `push.accounts names no account for ${[...new Set(unmapped)].join(', ')}`,
    }
  const isLarge = summary.lines.some(({ amountMinor }) => !Number.isSafeInteger(Number(amountMinor)))
  if (isLarge) return { kind: 'failed', reason: 'an amount is too large to be written as a number' }
  const { id, text } = summary
  const request: Kept = { id, text, body: program.bodyOf(summary, settings) }
  return { kind: 'send', bytes: Buffer.from(JSON.stringify(request)) }
}

/** What is kept of a request: its body, and what it is found by. */
type Kept = Pick<Summary, 'id' | 'text'> & { readonly body: object }

type Door = { readonly settings: AccountingSettings; readonly program: Program; quietUntil: Date }

async function write(attempt: Attempt, door: Door): Promise<Performed> {
  const { settings, program } = door
  const quietMs = door.quietUntil.getTime() - settings.now().getTime()
  if (quietMs > 0) return { kind: 'retry', error: 'too many calls', isDown: true, retryAfterMs: quietMs }
  const origin = settings.apiBaseUrl ?? program.origin(settings.mode)
  const tokenUrl =
    settings.apiBaseUrl === undefined ? program.tokenUrl : at(settings.apiBaseUrl, program.tokenUrl)
  const access = await accessOf({ ...settings, tokenUrl, store: settings.tokens }, attempt.signal)
  if (access.kind === 'absent')
    return { kind: 'retry', error: access.reason, isDown: true, retryAfterMs: access.retryAfterMs }
  const { company } = settings
  const kept = JSON.parse(Buffer.from(attempt.bytes).toString()) as Kept
  const call = async (request: Request) => {
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${access.token}`,
      ...request.headers,
    }
    return ask({ ...request, headers }, attempt.signal)
  }
  if (attempt.attempts > 1) {
    const looked = await call(program.find({ origin, company, summary: kept }))
    const there = looked.kind === 'answered' && looked.status === 200 ? program.found(looked.json) : undefined
    if (there !== undefined) return { kind: 'done', reference: there }
    if (looked.kind === 'broken' || looked.status !== 200) return judge(looked, door)
  }
  const body = new Uint8Array(Buffer.from(JSON.stringify(kept.body)))
  await attempt.mayLeave(attempt.id)
  const answer = await call(program.write({ origin, company, id: attempt.id, body }))
  attempt.sent()
  return judge(answer, door)
}

/** The path of an address below another origin, so that a stand-in has both. */
function at(origin: string, url: string): string {
  return new URL(new URL(url).pathname, origin).href
}

async function judge(answer: Answer, door: Door): Promise<Performed> {
  if (answer.kind === 'broken') return { kind: 'retry', error: answer.reason, isDown: true }
  const { program, settings } = door
  const { status, json } = answer
  const reference = program.written(json)
  if (status >= 200 && status < 300 && reference !== undefined) return { kind: 'done', reference }
  const words = program.wordsOf(json)
  const error = `answered ${status}${words === undefined ? '' : `: ${words.slice(0, 300)}`}`
  switch (status) {
    case 401:
      await forget(settings.tokens)
      return { kind: 'retry', error, isDown: true }
    case 429: {
      const retryAfterMs = answer.retryAfterMs ?? program.quietMs
      door.quietUntil = new Date(settings.now().getTime() + retryAfterMs)
      return { kind: 'retry', error, isDown: true, retryAfterMs }
    }
    case 400:
    case 403:
    case 404:
      return { kind: 'failed', error }
    default:
      return { kind: 'retry', error, isDown: true, retryAfterMs: answer.retryAfterMs }
  }
}
