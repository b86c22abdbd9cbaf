/**
 * Many who wait, few commits: a flush takes whatever waits (up to `flushMax`). The first leaves at once; one beside
 * another leaves only when it has `besideMin` items, for a flush costs as much as ten items do, and few that came late
 * would take a lane from the many who come next: what RFC 896 does for small packets. They wait for the flush under way,
 * which takes milliseconds; one that hangs holds them up for `checkEveryMs`.
 */
export type GroupCommit<Item extends GroupItem, Result> = {
  /** Resolves once the item's fate is committed. Rejects with `Overloaded`, or with what the flush found wrong with it. */
  add(item: Item): Promise<Result>
  /** What waits or is being written now. */
  readonly load: Load
}
/** `flushSizes[n]` is how many flushes took n items; `added` is how many items there ever were. */
export type Load = {
  readonly added: number
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
  /** Fewest items for which a flush leaves while another one is under way. */
  readonly besideMin: number
  readonly flushMax: number
  readonly rowsMax: number
  readonly bytesMax: number
  readonly waitMs: number
}

const checkEveryMs = 50

export function createGroupCommit<Item extends GroupItem, Result>(
  options: GroupCommitOptions<Item, Result>,
): GroupCommit<Item, Result> {
  return new Lanes(options)
}

class Lanes<Item extends GroupItem, Result> implements GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>
  // Arrays, not sets: a set that is added to and deleted from without end keeps what was in it alive until the next full
  // collection (each table it outgrows points to the next), which at thousands a second is most of the heap.
  readonly #queue: Waiting<Item, Result>[] = []
  readonly #writing: (readonly Waiting<Item, Result>[])[] = []
  readonly #flushSizes: number[]
  #added = 0
  #rows = 0 // waiting or being written: what takes up memory
  #bytes = 0
  #busyLanes = 0
  #isAsked = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options
    this.#flushSizes = Array(options.flushMax + 1).fill(0)
  }

  get load(): Load {
    return { added: this.#added, rows: this.#rows, bytes: this.#bytes, flushSizes: this.#flushSizes }
  }

  add(item: Item): Promise<Result> {
    if (this.#rows >= this.#options.rowsMax || this.#bytes + item.bytes > this.#options.bytesMax) {
      return Promise.reject(new Overloaded('too much is waiting to be committed'))
    }
    return new Promise((resolve, reject) => {
      this.#added += 1
      this.#rows += 1
      this.#bytes += item.bytes
      this.#queue.push(waitingFor(item, resolve, reject))
      this.#ask()
      this.#timer ??= setInterval(() => this.#expire(), checkEveryMs)
    })
  }

  /** At the end of the turn of the event loop, so that what arrived in one read of many sockets goes together. */
  #ask(): void {
    if (this.#isAsked || !this.#mayLeave()) return
    this.#isAsked = true
    setImmediate(() => {
      this.#isAsked = false
      while (this.#mayLeave()) void this.#lane()
    })
  }

  #mayLeave(): boolean {
    const [oldest] = this.#queue
    if (oldest === undefined || this.#busyLanes === this.#options.lanes) return false
    if (this.#busyLanes === 0 || this.#queue.length >= this.#options.besideMin) return true
    return oldest.since < performance.now() - checkEveryMs
  }

  async #lane(): Promise<void> {
    while (this.#mayLeave()) {
      this.#busyLanes += 1
      const taken = this.#queue.splice(0, this.#options.flushMax)
      const batch = taken.filter((waiting) => !waiting.isSettled) // the others waited too long already
      if (batch.length > 0) await this.#write(batch)
      this.#rows -= taken.length
      for (const { item } of taken) this.#bytes -= item.bytes
      this.#busyLanes -= 1
    }
  }

  async #write(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#flushSizes[batch.length]! += 1
    this.#writing.push(batch)
    let failure: unknown = new Error('the flush left an item without a result')
    try {
      await this.#options.flush(batch)
    } catch (error) {
      failure = error
    }
    for (const waiting of batch) waiting.reject(failure)
    this.#writing.splice(this.#writing.indexOf(batch), 1)
  }

  #expire(): void {
    const before = performance.now() - this.#options.waitMs
    for (const list of [...this.#writing, this.#queue]) {
      for (const waiting of list) {
        if (waiting.since > before) break // each list is in the order in which they came
        waiting.reject(new Overloaded('not committed in time'))
      }
    }
    this.#ask()
    if (this.#rows > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function waitingFor<Item, Result>(
  item: Item,
  resolve: (result: Result) => void,
  reject: (error: unknown) => void,
): Waiting<Item, Result> {
  const waiting: Waiting<Item, Result> = {
    item,
    since: performance.now(),
    isSettled: false,
    resolve(result) {
      if (waiting.isSettled) return
      waiting.isSettled = true
      setImmediate(resolve, result) // the lane's next flush is on its way by then: the database works while we answer
    },
    reject(error) {
      if (waiting.isSettled) return
      waiting.isSettled = true
      reject(error)
    },
  }
  return waiting
}
