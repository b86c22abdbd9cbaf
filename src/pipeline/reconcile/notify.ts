import { nextTx } from '../../store/facts.ts'
import { ofRun } from '../../store/findings.ts'
import { type Notice, tellTeam } from '../notices.ts'
import { signal } from '../signal.ts'
import type { Run } from './run.ts'

/** Kinds that no stored event mends: a person has to look. The rest mends itself within the run. */
const forPeople = new Set(['drift', 'orphan', 'gap', 'subscription', 'unmatched'])
const pageSize = 500

/** One notice for each finding of this run that a person must look at; keyed by the finding, so only once while it is open. */
export async function notifyFindings(run: Run): Promise<void> {
  const { system } = run
  if (run.dryRun || system.config.sinks.notify === undefined) return
  const { web } = system.db
  for (let after = -1n; ; ) {
    const page = await ofRun(web, run.id, after, pageSize)
    const notices = page
      .filter((row) => forPeople.has(row.kind) && !row.repaired)
      .map((row) => noticeOf(row, run.connection.id))
    if (notices.length > 0) {
      await tellTeam(web, system, notices, (await nextTx(web))[0]!.tx)
      signal.emit('effects')
    }
    if (page.length < pageSize) return
    after = page.at(-1)!.seq
  }
}

type Row = Awaited<ReturnType<typeof ofRun>>[number]

function noticeOf(row: Row, connection: string): Notice {
  const { reason, text } = JSON.parse(row.detail) as { reason: string; text?: string }
  const resource = `${row.resource_kind} ${row.resource_id}`
  return {
    rule: 'drift',
    code: 'drift',
    about: row.id,
    connection,
    body: {
      code: `${row.kind}: ${reason}`,
      resource,
      detail: text ?? `${row.kind} of ${resource}: ${reason}`,
      order_id: row.order_id,
    },
  }
}
