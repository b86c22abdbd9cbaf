/** What becomes of one event on its way; absent: it is sent at once, once. */
export type Fate = { readonly lose?: boolean; readonly copies?: number; readonly delayMs?: number }

export type Courier<E> = {
  /** Decides over single events. */
  fate: ((event: E) => Fate | undefined) | undefined
  /** From now on events wait, to be let go in another order. */
  hold(): void
  /** Lets go what was held; `reversed` is the hardest order there is. */
  release(order?: 'kept' | 'reversed'): void
}

/** Stands between what happens and who is told of it: events of `listen` go to `send`, or not yet, or never. */
export function createCourier<E>(
  listen: (listener: (event: E) => void) => void,
  send: (event: E, fate: Fate) => void,
): Courier<E> {
  let held: E[] | undefined
  const out = (event: E) => {
    const fate = courier.fate?.(event) ?? {}
    if (fate.lose !== true) send(event, fate)
  }
  const courier: Courier<E> = {
    fate: undefined,
    hold() {
      held ??= []
    },
    release(order = 'kept') {
      const events = held ?? []
      held = undefined
      for (const event of order === 'reversed' ? events.toReversed() : events) out(event)
    },
  }
  listen((event) => (held === undefined ? out(event) : void held.push(event)))
  return courier
}
