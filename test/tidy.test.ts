import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as rules from './tidy/rules.ts'
import { sourcesIn } from './tidy/source.ts'

const product = sourcesIn('src')
const all = sourcesIn('src', 'bench', 'scripts', 'prove')

/** The labelled crash points. Everything that can leave half a step has one, so that a test can kill exactly there. */
const crashPoints = new Set(
  Object.entries({
    receive:
      'before_verify after_verify before_insert after_insert_before_commit after_commit_before_answer after_answer',
    process:
      'after_fetch after_lock after_normalize after_reread after_facts after_fold after_effects after_journal after_chain before_commit after_commit',
    perform:
      'after_claim after_performing_commit before_call after_call_sent after_call_answered before_done_commit after_done_commit lookup_before lookup_after',
    smtp: 'after_mail_from before_final_dot after_final_dot after_250',
    reconcile: 'after_page before_cursor_commit after_cursor_commit after_diff mid_repair after_run',
    replay: 'mid_batch',
    erase: 'after_payload after_index',
    retention: 'before_drop after_drop',
    start: 'after_migration_n after_postgres_start before_ready',
    stop: 'during_drain',
  }).flatMap(([group, labels]) => labels.split(' ').map((label) => `${group}.${label}`)),
)

function holds(breaches: readonly rules.Breach[]): void {
  assert.equal(
    breaches.length,
    0,
    `\n${breaches.map(({ at, rule, remedy }) => `  ${at}: ${rule}. ${remedy}`).join('\n')}`,
  )
}

test('files and functions are short enough to read', () => holds(rules.tooLong(all)))
test('imports point one way', () => holds(rules.wrongDirection(product)))
test('the database, the queue, HTTP, the command line and the environment are each known in one place', () =>
  holds(rules.outOfPlace(product)))
test('core is pure', () => holds(rules.impureCore(product)))
test('SQL is in store/', () => holds(rules.sqlElsewhere(product)))
test("a provider's name stands in its folder, the registry and the sandbox alone", () =>
  holds(rules.providerNames(product)))
test('every file is used', () => holds(rules.unused(product)))
test('no questions are left in the code', () => holds(rules.openQuestions(all)))
test('each crash point is there once, and on the list', () => {
  holds(rules.points(product, crashPoints))
  assert.ok(
    product.some(({ text }) => text.includes("point('receive.after_commit_before_answer')")),
    'the points were found at all',
  )
})
