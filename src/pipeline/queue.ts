/** The only file that knows the job queue. (Types first; the implementation follows.) */
export type Queue = {
  start(): Promise<void>
  /** Finishes what is in hand, then closes. */
  stop(): Promise<void>
  /** The statement that makes one wake-up naming these events (at most 64), to run inside the caller's transaction. */
  wakeUp(eventIds: readonly string[], options?: { startAfter?: Date }): Promise<QueueStatement>
  /** Up to `max` wake-ups claimed for this process, oldest first. */
  fetch(max: number): Promise<WakeUp[]>
  /** The statement that completes these wake-ups, to run inside the worker's transaction. */
  complete(wakeUps: readonly WakeUp[]): Promise<QueueStatement>
  /** Gives these wake-ups back to be fetched again after a failure of the batch as a whole. */
  fail(wakeUps: readonly WakeUp[], error: Error): Promise<void>
  /** Tells the local worker, and by one coalesced notice other processes, that there is work. Call after commit. */
  notify(): void
  /** Resolves when there may be work: on `notify`, on a notice from another process, or after `timeoutMs`. */
  waitForWork(timeoutMs: number, signal: AbortSignal): Promise<void>
}
export type QueueStatement = { readonly text: string; readonly values: readonly unknown[] }
export type WakeUp = { readonly id: string; readonly eventIds: readonly string[]; readonly job: unknown }
