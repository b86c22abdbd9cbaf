/** What the API does wrong on demand. Each fault is taken by the next matching requests, and then it is gone. */
export type Fault = {
  readonly kind:
    | 'rate_limit'
    | 'throttled' // status 200, and the error says how many points are missing (Shopify)
    | 'lock_timeout'
    | 'server_error'
    | 'bad_gateway' // 502 with HTML
    | 'html' // 200 with HTML
    | 'hang' // accepts, never answers
    | 'cut' // half of the body, then the connection is gone
    | 'reset' // the connection is gone before any answer
    | 'unauthorized'
    | 'forbidden'
    | 'not_found'
    | 'key_in_use' // 409: another request with this Idempotency-Key is under way
    | 'empty_page' // `has_more` is true and there is nothing in it
    | 'short_page' // fewer than asked for, though there are more
    | 'insert_at_head' // after the page a new object stands at the head
    | 'delete_cursor' // after the page its last object is gone
  /** A path, or the beginning of one (`/v1/events`). Default: every path. */
  readonly path?: string
  readonly method?: string
  /** How many requests it spoils. Default 1. */
  readonly times?: number
  /** As the header would be: seconds, a date, nonsense. Absent: no header. */
  readonly retryAfter?: string
  /** The request is carried out and only its answer is spoiled: the caller cannot know. */
  readonly isAfter?: boolean
}

export type Faults = {
  add(fault: Fault): void
  clear(): void
  /** The fault for this request, counted as used. */
  take(method: string, path: string): Fault | undefined
  waiting(): readonly Fault[]
  /** The API shows the world as it was so long ago. Webhooks are not held up. */
  lagMs: number
  /** Every answer takes so long. */
  latencyMs: number
  /** Requests a second above which it answers 429; undefined: never. */
  requestsPerSecond: number | undefined
  /** Ids that lists leave out though a GET shows them. */
  readonly omitted: Set<string>
}

export function createFaults(): Faults {
  let waiting: { fault: Fault; left: number }[] = []
  return {
    lagMs: 0,
    latencyMs: 0,
    requestsPerSecond: undefined,
    omitted: new Set(),
    add: (fault) => void waiting.push({ fault, left: fault.times ?? 1 }),
    clear() {
      waiting = []
      this.lagMs = 0
      this.latencyMs = 0
      this.requestsPerSecond = undefined
      this.omitted.clear()
    },
    take(method, path) {
      const found = waiting.find(({ fault }) => isMatch(fault, method, path))
      if (found === undefined) return undefined
      found.left--
      if (found.left <= 0) waiting = waiting.filter((each) => each !== found)
      return found.fault
    },
    waiting: () => waiting.map(({ fault, left }) => ({ ...fault, times: left })),
  }
}

function isMatch(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method !== method) return false
  return fault.path === undefined || path.startsWith(fault.path)
}
