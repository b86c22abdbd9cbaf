import type { Ref } from '../../core/fact.ts'
import { keyOf } from '../../core/diff.ts'
import { ApiError } from '../../providers/provider.ts'
import * as polling from '../../store/polling.ts'
import { nextReadNo } from '../../store/rereads.ts'
import { rateOf } from '../rate.ts'
import { readResource } from '../reread.ts'
import { orphanOf, rememberRead, stand, unlisted } from './checks.ts'
import { lookAt } from './compare.ts'
import { takeIn } from './lists.ts'
import type { Run } from './run.ts'
import { patienceOf, walk } from './walk.ts'

/** Resources that one order may have here; more is a number that joined what does not belong together. */
const resourcesMax = 200
/** References by which unlike purchases may hang together. */
const loose = new Set(['customer', 'product', 'subscription'])

/** Reads what we hold in the window and the lists did not show; what the provider does not know is an orphan. */
export async function readUnlisted(run: Run, window: { since: string; until: string }): Promise<number> {
  const orphans = []
  const unread = new Set<string>()
  for (const ref of await unlisted(run, window)) {
    const error = await readOne(run, ref)
    if (error?.kind === 'not_found') orphans.push(orphanOf(ref, error))
    else if (error === undefined) rememberRead(run, ref)
    else unread.add(keyOf(ref))
  }
  // One that was an orphan before is none any more only when it was seen or could be read.
  return stand(run, 'orphan', orphans, (resource) => !run.seen.has(resource) || unread.has(resource))
}

/**
 * A run limited to one order: everything that hangs together with the reference, by what we know and by what the lists
 * show, is read one by one. Also finds an order of which we know nothing at all.
 */
export async function reconcileOrder(run: Run, reference: string): Promise<void> {
  const known = await polling.referencesOf(run.system.db.web, run.connection.account, reference)
  const wanted = new Map(
    known.filter((ref) => !loose.has(ref.kind)).map((ref) => [keyOf(ref as Ref), ref as Ref]),
  )
  for (const ref of await hangingTogether(run, reference, wanted)) wanted.set(keyOf(ref), ref)
  const held = new Set(known.map((ref) => `${ref.kind}:${ref.id}`))
  const orphans = []
  for (const ref of [...wanted.values()]
    .filter((one) => run.provider.keeps.includes(one.kind))
    .slice(0, resourcesMax)) {
    const error = await readOne(run, ref)
    if (error?.kind === 'not_found' && held.has(keyOf(ref))) orphans.push(orphanOf(ref, error))
  }
  await stand(run, 'orphan', orphans, () => true)
}

/** Reads one resource and takes it in. Answers with the error where the provider knows it not, or will not say. */
async function readOne(run: Run, ref: Ref): Promise<ApiError | undefined> {
  const patience = patienceOf(run)
  for (;;) {
    try {
      await rateOf(run.system, run.connection.id).acquire(run.signal)
      const readNo = (await nextReadNo(run.system.db.web))[0]!.read_no
      const reading = await readResource(run.connection, run.provider, ref, run.signal)
      rateOf(run.system, run.connection.id).worked()
      const item = {
        resource: ref,
        type: reading.type,
        body: reading.body,
        ...(reading.apiVersion === undefined ? {} : { apiVersion: reading.apiVersion }),
      }
      await takeIn(run, [item], readNo)
      return undefined
    } catch (error) {
      run.signal.throwIfAborted()
      if (error instanceof ApiError && (error.kind === 'not_found' || error.kind === 'refused')) return error
      if ((error as { name?: string }).name === 'RunLost') throw error
      await patience.wait(error as Error)
    }
  }
}

/** References of the lists' items that join, over any number of steps, what goes by this reference. */
async function hangingTogether(run: Run, reference: string, known: ReadonlyMap<string, Ref>): Promise<Ref[]> {
  const neighbours = new Map<string, Set<string>>()
  const refs = new Map<string, Ref>()
  const until = run.parameters.until ?? run.system.now().toISOString()
  const since =
    run.parameters.since ??
    new Date(new Date(until).getTime() - run.system.config.reconcile.lookbackMs).toISOString()
  for (const list of run.provider.lists) {
    for await (const page of walk(run, { list, since, until }, undefined)) {
      for (const item of page.items) {
        const stated = lookAt(run, item, undefined).stated.flatMap(({ fact, joins }) => [
          fact.subject,
          ...joins,
        ])
        const group = [item.resource, ...stated].filter((ref) => !loose.has(ref.kind))
        for (const ref of group) {
          refs.set(keyOf(ref), { kind: ref.kind, id: ref.id })
          const near = neighbours.get(keyOf(ref)) ?? new Set()
          neighbours.set(keyOf(ref), near.add(keyOf(group[0]!)))
          neighbours.get(keyOf(group[0]!))!.add(keyOf(ref))
        }
      }
      run.progress.scanned += page.items.length
    }
  }
  const reached = new Set([
    ...known.keys(),
    ...[...refs].filter(([, ref]) => ref.id === reference).map(([key]) => key),
  ])
  for (const key of reached) for (const next of neighbours.get(key) ?? []) reached.add(next) // a Set goes on over what is added
  return [...reached].flatMap((key) => refs.get(key) ?? [])
}
