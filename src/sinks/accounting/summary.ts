import type { EffectBody } from '../../core/effect.ts'

/** One journal of one currency to be written into other books: sums by our accounts, + debit, − credit. */
export type Summary = {
  /** 20 characters or fewer; never used for anything else, so that it finds what was written. */
  readonly id: string
  /** What it sums up, and which time of doing so: these lead to its entries. */
  readonly group: string
  readonly part: number
  /** The accounting day. */
  readonly date: string
  readonly currency: string
  /** What it sums up, for people. */
  readonly text: string
  readonly lines: readonly SummaryLine[]
}

export type SummaryLine = { readonly account: string; readonly amountMinor: bigint }

/** Our account → theirs. A name stands for everything below it that has none of its own. */
export type AccountMap = { readonly [account: string]: string }

/** A summary as an effect keeps it. */
export function bodyOf({ lines, ...summary }: Summary): EffectBody {
  const told = lines.map(({ account, amountMinor }) => [account, amountMinor.toString()])
  return { ...summary, lines: JSON.stringify(told) }
}

/** What `bodyOf` wrote. */
export function summaryOf(body: EffectBody): Summary {
  const { id, group, part, date, currency, text, lines } = body as { [name: string]: string }
  const told = JSON.parse(lines!) as [account: string, amount: string][]
  return {
    id: id!,
    group: group!,
    part: Number(part),
    date: date!,
    currency: currency!,
    text: text!,
    lines: told.map(([account, amount]) => ({ account, amountMinor: BigInt(amount) })),
  }
}

/** Their account for one of ours; undefined where neither it nor anything above it is mapped. */
export function theirAccount(map: AccountMap, account: string): string | undefined {
  for (let name = account; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf(':')))) {
    const found = map[name]
    if (found !== undefined) return found
  }
  return undefined
}
