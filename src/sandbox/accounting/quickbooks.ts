import type { Journal, Program, Told } from './program.ts'

type Line = {
  Amount?: number
  JournalEntryLineDetail?: { PostingType?: string; AccountRef?: { value?: string } }
}

/** QuickBooks Online's journal entries: `requestid` is answered as the first time, and the sides must be equal. */
export function quickbooks(company: string): Program {
  const answered = new Map<string, Told>()
  const base = `/v3/company/${company}`
  return {
    tokenPath: '/oauth2/v1/tokens/bearer',
    answer({ method, url, body }, journals) {
      if (method === 'GET' && url.pathname === `${base}/query`)
        return search(url.searchParams.get('query') ?? '', journals)
      if (method !== 'POST' || url.pathname !== `${base}/journalentry`) return undefined
      const requestId = url.searchParams.get('requestid')
      const known = requestId === null ? undefined : answered.get(requestId)
      if (known !== undefined) return known
      const told = write(body, journals)
      if (requestId !== null && told.status === 200) answered.set(requestId, told)
      return told
    },
  }
}

function search(query: string, journals: readonly Journal[]): Told {
  const [, name] = /^select \* from JournalEntry where DocNumber = '([^']+)'$/.exec(query) ?? []
  if (name === undefined) return fault('4000', `QueryParserError: ${query}`)
  const found = journals
    .filter((journal) => journal.name === name)
    .map(({ id, body }) => ({ Id: id, ...body }))
  return { status: 200, json: { QueryResponse: found.length === 0 ? {} : { JournalEntry: found } } }
}

function write(text: string, journals: Journal[]): Told {
  const body = JSON.parse(text) as { DocNumber?: string; Line?: Line[] }
  const name = body.DocNumber ?? ''
  if (name.length > 21) return fault('6000', 'DocNumber is longer than 21 characters')
  const sides = { Debit: 0, Credit: 0 }
  for (const { Amount: amount = 0, JournalEntryLineDetail: detail } of body.Line ?? []) {
    if (amount <= 0 || detail?.AccountRef?.value === undefined)
      return fault('2020', 'Required parameter is missing')
    sides[detail.PostingType as 'Debit' | 'Credit'] += amount
  }
  if (Math.abs(sides.Debit - sides.Credit) > 0.0001) return fault('6000', 'Debits and credits are not equal')
  const id = String(journals.length + 1)
  journals.push({ id, name, body })
  return { status: 200, json: { JournalEntry: { Id: id, ...body } } }
}

function fault(code: string, message: string): Told {
  return { status: 400, json: { Fault: { type: 'ValidationFault', Error: [{ code, Message: message }] } } }
}
