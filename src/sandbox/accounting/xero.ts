import type { Journal, Program, Told } from './program.ts'

type Body = {
  Narration?: string
  JournalLines?: { LineAmount?: number; AccountCode?: string }[]
}

/** Xero's manual journals: a repeat with the same `Idempotency-Key` is answered as the first time, and lines sum to zero. */
export function xero(company: string): Program {
  const answered = new Map<string, Told>()
  return {
    tokenPath: '/connect/token',
    answer({ method, url, headers, body }, journals) {
      if (url.pathname !== '/api.xro/2.0/ManualJournals') return undefined
      if (headers['xero-tenant-id'] !== company) return { status: 403, json: { Title: 'Forbidden' } }
      if (method === 'GET') return search(url.searchParams.get('where') ?? '', journals)
      if (method !== 'PUT') return undefined
      const key = headers['idempotency-key']
      const known = typeof key === 'string' ? answered.get(key) : undefined
      if (known !== undefined) return known
      const told = write(body, journals)
      if (typeof key === 'string' && told.status === 200) answered.set(key, told)
      return told
    },
  }
}

function search(where: string, journals: readonly Journal[]): Told {
  const [, name] = /^Narration=="([^"]+)"$/.exec(where) ?? []
  if (name === undefined) return invalid(`Invalid where clause: ${where}`)
  const found = journals.filter((journal) => journal.name === name)
  return {
    status: 200,
    json: { ManualJournals: found.map(({ id, body }) => ({ ManualJournalID: id, ...body })) },
  }
}

function write(text: string, journals: Journal[]): Told {
  const { ManualJournals: [body] = [] } = JSON.parse(text) as { ManualJournals?: Body[] }
  const lines = body?.JournalLines ?? []
  if (body?.Narration === undefined || lines.length < 2)
    return invalid('A manual journal needs a narration and two lines')
  if (lines.some(({ AccountCode: code }) => code === undefined))
    return invalid('Account code must be specified')
  const sum = lines.reduce((total, { LineAmount: amount = 0 }) => total + amount, 0)
  if (Math.abs(sum) > 0.0001) return invalid('The total debits must equal total credits')
  const id = `5f3e0000-0000-4000-8000-${String(journals.length + 1).padStart(12, '0')}`
  journals.push({ id, name: body.Narration, body: { ...body } })
  return { status: 200, json: { ManualJournals: [{ ManualJournalID: id, ...body }] } }
}

function invalid(message: string): Told {
  return { status: 400, json: { ErrorNumber: 10, Type: 'ValidationException', Message: message } }
}
