/** Reads the hledger journal that an export is, by the format's own rules; throws at the first thing that is none of them. */
export type Transaction = {
  date: string
  code: string
  description: string
  postings: { account: string; amount: bigint; currency: string }[]
}
export type Journal = { accounts: Set<string>; decimals: Map<string, number>; transactions: Transaction[] }

export function parseJournal(text: string): Journal {
  const journal: Journal = { accounts: new Set(), decimals: new Map(), transactions: [] }
  let open: Transaction | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const where = `line ${index + 1}: ${line}`
    const account = /^account (\S(?:.*\S)?)$/.exec(line)
    const commodity = /^commodity 1000\.(0*) ([A-Z]{3})$/.exec(line)
    const head = /^(\d{4}-\d\d-\d\d) \((\w+)\) ([^;|]*)$/.exec(line)
    const posting = /^ {4}(\S(?:[^;]*?\S)?) {2,}(-?\d+(?:\.(\d+))?) ([A-Z]{3})$/.exec(line)
    if (line === '') open = undefined
    else if (/^\s*;/.test(line)) continue
    else if (account !== null) journal.accounts.add(account[1]!)
    else if (commodity !== null) journal.decimals.set(commodity[2]!, commodity[1]!.length)
    else if (head !== null) {
      open = { date: head[1]!, code: head[2]!, description: head[3]!, postings: [] }
      journal.transactions.push(open)
    } else if (posting !== null && open !== undefined) {
      const [, name, figure, fraction = '', currency] = posting as unknown as [
        string,
        string,
        string,
        string | undefined,
        string,
      ]
      if (/ {2}/.test(name)) throw new Error(`two blanks within an account, ${where}`)
      if (fraction.length !== journal.decimals.get(currency))
        throw new Error(`other decimals than declared, ${where}`)
      open.postings.push({ account: name, amount: BigInt(figure.replace('.', '')), currency })
    } else throw new Error(`not to be read, ${where}`)
  }
  check(journal)
  return journal
}

function check({ accounts, transactions }: Journal): void {
  for (const { code, postings } of transactions) {
    if (postings.length < 2) throw new Error(`${code} has fewer than two postings`)
    const sums = new Map<string, bigint>()
    for (const { account, amount, currency } of postings) {
      if (!accounts.has(account)) throw new Error(`${code}: account ${account} is not declared`)
      sums.set(currency, (sums.get(currency) ?? 0n) + amount)
    }
    for (const [currency, sum] of sums)
      if (sum !== 0n) throw new Error(`${code} is out of balance by ${sum} ${currency}`)
  }
}
