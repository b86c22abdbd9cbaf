import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { transports } from 'winston'
import { createLogger } from '../../src/log.ts'

const secret = 'whsec_c2VjcmV0'
const person = 'jan.kowalski@example.com'

function logged(
  work: (log: ReturnType<typeof createLogger>) => void,
  logFormat: 'json' | 'pretty' = 'json',
): string {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const log = createLogger({ logLevel: 'debug', logFormat })
  log.clear().add(new transports.Stream({ stream }))
  work(log)
  return text
}

test('a line is one JSON object with time, level, message and the ids it was given', () => {
  const lines = logged((log) =>
    log.info('event_processed', { event_id: 'evt_1', order_ids: ['ord_1'], count: 3n }),
  ).split('\n')
  assert.equal(lines.length, 2)
  const { time, ...line } = JSON.parse(lines[0]!)
  assert.match(time, /^\d{4}-\d\d-\d\dT/)
  assert.deepEqual(line, {
    level: 'info',
    message: 'event_processed',
    event_id: 'evt_1',
    order_ids: ['ord_1'],
    count: '3',
  })
})

test('C55 a field that is not on the list is left out, whatever it holds', () => {
  for (const format of ['json', 'pretty'] as const) {
    const text = logged((log) => {
      log.info('x', {
        body: person,
        headers: { authorization: secret },
        email: person,
        address: '203.0.113.7',
        payload: Buffer.from(secret),
      })
      log.info('x', { connection: { webhookSecrets: [secret] }, reason: { text: person } })
    }, format)
    assert.doesNotMatch(text, /kowalski|whsec_|203\.0\.113/)
    assert.match(text, /x/)
  }
})

test('C55 an error says its kind, code and place, and not its message, which may quote data', () => {
  const refused = Object.assign(new Error(`duplicate key (email)=(${person})`), {
    code: '23505',
    constraint: 'persons_pkey',
    detail: `Key (id)=(${person})`,
    where: person,
  })
  const text = logged((log) => {
    log.error('not_stored', { error: new Error(`cannot read ${secret}`, { cause: refused }) })
    log.error('not_stored', refused)
    log.error('not_stored', { error: new SyntaxError(`Unexpected token in "${person}"`) })
    log.error('not_stored', { error: person })
  })
  assert.doesNotMatch(text, /kowalski|whsec_/)
  const [first] = text.split('\n')
  const { error } = JSON.parse(first!)
  assert.equal(error.cause.code, '23505')
  assert.equal(error.cause.constraint, 'persons_pkey')
  assert.match(error.at[0], /log\.test\.ts/)
})

test("the system's own errors keep their words", () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  })
  assert.match(
    logged((log) => log.warn('x', { error: refused })),
    /connect ECONNREFUSED 127\.0\.0\.1:5432/,
  )
})
