/**
 * Many who wait, few commits: a flush takes whatever waits (up to `flushMax`), and starts as soon as a lane is free.
 * No timer makes anybody linger; under load the batches grow by themselves while the lanes are busy.
 */
export type GroupCommit<Item extends GroupItem, Result> = {
  /** Resolves once the item's fate is committed. Rejects with `Overloaded`, or with what the flush found wrong with it. */
  add(item: Item): Promise<Result>
  /** What waits or is being written now. */
  readonly load: Load
}
/** `flushSizes[n]` is how many flushes took n items. */
export type Load = {
  readonly rows: number
  readonly bytes: number
  readonly flushSizes: readonly number[]
}
export type GroupItem = { readonly id: string; readonly bytes: number }

/** There is no room or no time: the caller should ask for it again later. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded'
}

export type Settle<Item, Result> = { item: Item; resolve(result: Result): void; reject(error: unknown): void }

type Waiting<Item, Result> = Settle<Item, Result> & { readonly since: number; isSettled: boolean }

export type GroupCommitOptions<Item extends GroupItem, Result> = {
  /** Commits a batch and settles each of it. What it leaves unsettled, or all of it when it throws, is rejected. */
  readonly flush: (batch: readonly Settle<Item, Result>[]) => Promise<void>
  readonly lanes: number
  readonly flushMax: number
  readonly rowsMax: number
  readonly bytesMax: number
  readonly waitMs: number
}

const checkEveryMs = 50

export function createGroupCommit<Item extends GroupItem, Result>(
  options: GroupCommitOptions<Item, Result>,
): GroupCommit<Item, Result> {
  const queue: Waiting<Item, Result>[] = []
  // Arrays, not sets: a set that is added to and deleted from without end keeps what was in it alive until the next full
  // collection (each table it outgrows points to the next), which at thousands a second is most of the heap.
  const writing: (readonly Waiting<Item, Result>[])[] = []
  const flushSizes: number[] = Array(options.flushMax + 1).fill(0)
  let rows = 0 // waiting or being written: what takes up memory
  let bytes = 0
  let busyLanes = 0
  let isAsked = false
  let timer: NodeJS.Timeout | undefined

  const write = async (batch: readonly Waiting<Item, Result>[]) => {
    flushSizes[batch.length]! += 1
    writing.push(batch)
    let failure: unknown = new Error('the flush left an item without a result')
    try {
      await options.flush(batch)
    } catch (error) {
      failure = error
    }
    for (const waiting of batch) waiting.reject(failure)
    writing.splice(writing.indexOf(batch), 1)
  }

  const lane = async () => {
    busyLanes += 1
    try {
      while (queue.length > 0) {
        const taken = queue.splice(0, options.flushMax)
        const batch = taken.filter((waiting) => !waiting.isSettled) // the others waited too long already
        if (batch.length > 0) await write(batch)
        rows -= taken.length
        for (const { item } of taken) bytes -= item.bytes
      }
    } finally {
      busyLanes -= 1
    }
  }

  // At the end of the turn of the event loop, so that what arrived in one read of many sockets goes together.
  const ask = () => {
    if (isAsked || busyLanes >= options.lanes) return
    isAsked = true
    setImmediate(() => {
      isAsked = false
      if (queue.length > 0 && busyLanes < options.lanes) void lane()
    })
  }

  const expire = () => {
    const before = performance.now() - options.waitMs
    for (const list of [...writing, queue]) {
      for (const waiting of list) {
        if (waiting.since > before) break // each list is in the order in which they came
        waiting.reject(new Overloaded('not committed in time'))
      }
    }
    if (rows > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    add(item) {
      if (rows >= options.rowsMax || bytes + item.bytes > options.bytesMax) {
        return Promise.reject(new Overloaded('too much is waiting to be committed'))
      }
      return new Promise((resolve, reject) => {
        const waiting: Waiting<Item, Result> = {
          item,
          since: performance.now(),
          isSettled: false,
          resolve(result) {
            if (waiting.isSettled) return
            waiting.isSettled = true
            resolve(result)
          },
          reject(error) {
            if (waiting.isSettled) return
            waiting.isSettled = true
            reject(error)
          },
        }
        rows += 1
        bytes += item.bytes
        queue.push(waiting)
        ask()
        timer ??= setInterval(expire, checkEveryMs)
      })
    },
    get load() {
      return { rows, bytes, flushSizes }
    },
  }
}
