import type { Resource } from './types.ts'

/** One object at the twin, with its place in lists (newest `created` first, then latest made first). */
type Entry = {
  readonly resource: Resource
  readonly created: number
  readonly seq: number
  /** What it was, from when on (monotonic ms): lets the API lag behind the webhooks. */
  readonly versions: { readonly atMs: number; readonly json: string }[]
}

export type Store = {
  /** Adds an object, or notes that it has changed. */
  put(resource: Resource): void
  get<R extends Resource>(id: string): R | undefined
  remove(id: string): void
  /** Everything of a kind, oldest first. */
  all<R extends Resource>(object: string): R[]
  /** As it was `lagMs` ago; undefined where it did not exist then. */
  seen(id: string, lagMs: number): Resource | undefined
  /** Newest first, from just after (older than) or just before (newer than) a cursor object. Undefined: cursor unknown. */
  walk(
    object: string,
    cursor?: { readonly after?: string; readonly before?: string },
  ): Iterable<Resource> | undefined
}

/** Versions kept of one object: lag is seconds, and nothing changes more often than this in them. */
const versionsKept = 8

/** An empty store. Lists are arrays in ascending order, so an insert with the newest time is an append. */
export function createStore(): Store {
  const byId = new Map<string, Entry>()
  const lists = new Map<string, Entry[]>()
  let seq = 0
  const listOf = (object: string) => {
    const list = lists.get(object) ?? []
    lists.set(object, list)
    return list
  }
  return {
    put(resource) {
      let entry = byId.get(resource.id)
      if (entry === undefined) {
        entry = { resource, created: resource.created ?? 0, seq: seq++, versions: [] }
        byId.set(resource.id, entry)
        const list = listOf(resource.object)
        list.splice(position(list, entry), 0, entry)
      }
      entry.versions.push({ atMs: performance.now(), json: JSON.stringify(resource) })
      if (entry.versions.length > versionsKept) entry.versions.shift()
    },
    get: <R extends Resource>(id: string) => byId.get(id)?.resource as R | undefined,
    remove(id) {
      const entry = byId.get(id)
      if (entry === undefined) return
      byId.delete(id)
      const list = listOf(entry.resource.object)
      list.splice(list.indexOf(entry), 1)
    },
    all: <R extends Resource>(object: string) => listOf(object).map((entry) => entry.resource as R),
    seen(id, lagMs) {
      const entry = byId.get(id)
      if (entry === undefined || lagMs <= 0) return entry?.resource
      const then = performance.now() - lagMs
      const version = entry.versions.findLast((candidate) => candidate.atMs <= then)
      return version === undefined ? undefined : (JSON.parse(version.json) as Resource)
    },
    walk(object, { after, before } = {}) {
      const cursorId = after ?? before
      const cursor = cursorId === undefined ? undefined : byId.get(cursorId)
      if (cursorId !== undefined && cursor?.resource.object !== object) return undefined
      const list = listOf(object)
      if (cursor === undefined) return descending(list, list.length - 1)
      const at = list.indexOf(cursor)
      // `ending_before` takes the ones nearest to the cursor, so it walks away from it: the caller turns them round.
      return after === undefined ? ascending(list, at + 1) : descending(list, at - 1)
    },
  }
}

function* descending(list: readonly Entry[], from: number): Iterable<Resource> {
  for (let i = from; i >= 0; i--) yield list[i]!.resource
}

function* ascending(list: readonly Entry[], from: number): Iterable<Resource> {
  for (let i = from; i < list.length; i++) yield list[i]!.resource
}

function position(list: readonly Entry[], entry: Entry): number {
  let at = list.length
  while (at > 0 && list[at - 1]!.created > entry.created) at--
  return at
}
