import type { Command } from 'commander'
import { serviceApi } from './api.ts'
import { command, type JsonOption, time } from './command.ts'
import { Failure } from './failure.ts'
import { printJson, printTable, progress } from './print.ts'

type Run = { id: string; status: string; scanned: number; found: number; repaired: number; error?: string }
type Finding = {
  kind: string
  resource: { kind: string; id: string }
  order_id: string | null
  repair: string
  repaired: boolean
  detail: unknown
}
type Given = JsonOption & {
  connection: string
  since?: string
  until?: string
  order?: string
  dryRun?: boolean
}

const findingsMax = 10_000

/** `ordersync reconcile`: asks the service for a run, and waits for what it finds. */
export function reconcileCommand(): Command {
  return command('reconcile', 'compare what a provider has with what we have, and fetch what is missing')
    .requiredOption('--connection <id>', 'which connection')
    .option('--since <time>', 'from when; default: where the last run stopped', time)
    .option('--until <time>', 'to when; default: now', time)
    .option('--order <ref>', 'one order alone')
    .option('--dry-run', 'only show what would be repaired')
    .action(async ({ json, dryRun, ...asked }: Given) => {
      const api = serviceApi()
      const bar = progress()
      let run = await api.post<Run>('/reconciliations', { ...asked, dry_run: dryRun === true })
      while (run.status === 'queued' || run.status === 'running') {
        bar.show(
          `${run.status}: ${run.scanned ?? 0} scanned, ${run.found ?? 0} found, ${run.repaired ?? 0} repaired`,
        )
        await new Promise((resolve) => setTimeout(resolve, 250))
        run = await api.get<Run>(`/reconciliations/${run.id}`)
      }
      bar.end()
      const findings = await api.list<Finding>(`/reconciliations/${run.id}/findings`, {}, findingsMax)
      if (json) printJson({ ...run, findings_list: findings })
      else print(run, findings, dryRun === true)
      if (run.status === 'failed')
        throw new Failure(`run ${run.id} failed${run.error === undefined ? '' : `: ${run.error}`}`)
    })
}

function print(run: Run, findings: readonly Finding[], isDry: boolean): void {
  if (findings.length > 0) {
    printTable(findings, [
      ['KIND', (row) => row.kind],
      ['RESOURCE', (row) => `${row.resource.kind} ${row.resource.id}`],
      ['ORDER', (row) => row.order_id],
      [isDry ? 'WOULD' : 'REPAIR', (row) => row.repair],
      ['REPAIRED', (row) => (row.repaired ? 'yes' : 'no')],
    ])
  }
  console.log(
    `${run.id} ${run.status}: ${run.scanned} scanned, ${run.found} found, ${run.repaired} repaired${isDry ? ' (dry run)' : ''}`,
  )
}
