import * as z from 'zod'
import 'zod-openapi'
import { decodeCursor } from './cursor.ts'

/** Pieces of the API's language that several resources speak. */

export const Id = z.string().min(1).max(200)

export const Time = z.string().meta({ description: 'RFC 3339, UTC', override: { format: 'date-time' } })

export const MoneyShape = z.object({ amount: z.string(), currency: z.string() }).meta({
  id: 'Money',
  description: "A decimal string with exactly the currency's decimals",
  example: { amount: '19.99', currency: 'USD' },
})

/**
 * A time in a query: RFC 3339 with any offset. Text, so that microseconds survive; a `+` that a careless client did
 * not encode arrives as a blank and is meant as a `+`.
 */
export const TimeQuery = z
  .string()
  .transform((text) => text.replace(' ', '+'))
  .pipe(z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-25T02:38:18Z' }))
  .refine((text) => !text.startsWith('0000'), 'must be a time such as 2026-11-25T02:38:18Z')
  // Postgres would round a seventh digit up, to an instant that nobody asked for.
  .transform((text) => text.replace(/(\.\d{6})\d+/, '$1'))
  .meta({ override: { type: 'string', format: 'date-time' } })

/** A month of the books: `2026-03`. */
export const Month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-03')

/** An accounting day. */
export const Day = z.iso.date('must be a day such as 2026-03-31')

export const BooleanQuery = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((text) => text === 'true')
  .meta({ override: { type: 'boolean', enum: undefined as never } })

export const Text = z.string().min(1, 'must not be empty').max(200, 'must have 200 characters or fewer')

const limitMax = 200
const limitDefault = 50

const Limit = z
  .string()
  .regex(/^\d{1,3}$/, `must be a number from 1 to ${limitMax}`)
  .transform(Number)
  .refine((n) => n >= 1 && n <= limitMax, `must be a number from 1 to ${limitMax}`)
  .default(limitDefault)
  .meta({ override: { type: 'integer', minimum: 1, maximum: limitMax, default: limitDefault } })

const CursorText = z.string().max(200).meta({ description: '`next_cursor` of the page before' })

/** Largest bigint of Postgres: the page before the first one ended there. */
const top = 9_223_372_036_854_775_807n

const SeqCursor = CursorText.transform((text, context) => {
  const seq = decodeCursor(text)
  if (seq === undefined) context.addIssue({ code: 'custom', message: 'is not a cursor of this list' })
  return seq ?? top
})
  .default(top)
  .meta({ override: { type: 'string', default: undefined } })

/** The query of a list by seq: its filters beside `limit` and `cursor`, and nothing else. */
export function listQuery<Shape extends z.ZodRawShape>(filters: Shape) {
  return z.strictObject({ ...filters, limit: Limit, cursor: SeqCursor })
}

/** The same where the cursor is not a seq: the handler reads it. */
export function textListQuery<Shape extends z.ZodRawShape>(filters: Shape) {
  return z.strictObject({ ...filters, limit: Limit, cursor: CursorText.optional() })
}

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable() })
}

export const noQuery = z.strictObject({})
