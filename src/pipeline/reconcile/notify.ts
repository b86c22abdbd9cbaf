import * as dueEffects from '../../store/due-effects.ts'
import { nextTx } from '../../store/facts.ts'
import { ofRun } from '../../store/findings.ts'
import { newId } from '../ids.ts'
import { policyOf } from '../record/policy.ts'
import { signal } from '../signal.ts'
import type { Run } from './run.ts'

/** Kinds that no stored event mends: a person has to look. The rest mends itself within the run. */
const forPeople = new Set(['drift', 'orphan', 'gap', 'subscription', 'unmatched'])
const rule = 'drift'
const pageSize = 500

/** One notice for each finding of this run that a person must look at; keyed by the finding, so only once while it is open. */
export async function notifyFindings(run: Run): Promise<void> {
  const policy = policyOf(run.system.config)
  if (run.dryRun || policy.sinks.notify !== true || !policy.notifyOn.includes(rule)) return
  const { web } = run.system.db
  for (let after = -1n; ; ) {
    const page = await ofRun(web, run.id, after, pageSize)
    const rows = page.filter((row) => forPeople.has(row.kind) && !row.repaired)
    if (rows.length > 0) {
      const now = run.system.now()
      await dueEffects.insertDue(
        web,
        rows.map(() => newId('eff', now)),
        rows.map((row) => `notify:${rule}:${row.id}`),
        rows.map(() => 'notify'),
        rows.map(() => rule),
        rows.map(() => 'due'),
        rows.map(() => null),
        rows.map(() => run.connection.id),
        rows.map((row) => JSON.stringify({ rule, ...worded(row) })),
        rows.map(() => now.toISOString()),
        rows.map(() => null),
        (await nextTx(web))[0]!.tx,
      )
      signal.emit('effects')
    }
    if (page.length < pageSize) return
    after = page.at(-1)!.seq
  }
}

function worded(row: { kind: string; resource_kind: string; resource_id: string; detail: string }): object {
  const { reason, text } = JSON.parse(row.detail) as { reason: string; text?: string }
  const resource = `${row.resource_kind} ${row.resource_id}`
  return {
    code: `${row.kind}: ${reason}`,
    subject: resource,
    resource,
    detail: text ?? `${row.kind} of ${resource}: ${reason}`,
  }
}
