import type { Instant } from './fact.ts'

/** Where an entry stands in the books: under the day it happened, or late, with the month that it belongs to. */
export type Booking = { readonly day: string; readonly lateInto: string | null }

const formats = new Map<string, Intl.DateTimeFormat>()

/** The day of an instant as the books count days: `2026-03-31`. */
export function accountingDay(instant: Instant, timezone: string): string {
  if (timezone === 'UTC') return instant.slice(0, 10)
  let format = formats.get(timezone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: timezone })
    formats.set(timezone, format)
  }
  return format.format(new Date(instant))
}

/** A day of a closed month becomes the first open day; months are closed one after the other, up to `closedThrough`. */
export function bookingOf(
  instant: Instant,
  { timezone, closedThrough }: { timezone: string; closedThrough: string | undefined },
): Booking {
  const day = accountingDay(instant, timezone)
  const month = day.slice(0, 7)
  if (closedThrough === undefined || month > closedThrough) return { day, lateInto: null }
  return { day: `${monthAfter(closedThrough)}-01`, lateInto: month }
}

/** `2026-12` → `2027-01`. */
export function monthAfter(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7)
}

/** `2026-02` → `2026-02-28`. */
export function lastDayOf(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10)
}

/** The first instant after a month, to the hour at which clocks of the zone are turned: none turns at midnight of a first. */
export function endOf(month: string, timezone: string): Instant {
  const midnight = Date.parse(`${monthAfter(month)}-01T00:00:00.000Z`)
  const hour = 3_600_000
  // Zones are whole quarters of an hour away, 14 hours at the most.
  for (let at = midnight - 14 * hour; at <= midnight + 14 * hour; at += hour / 4) {
    const instant = new Date(at).toISOString()
    if (accountingDay(instant, timezone).slice(0, 7) > month) return instant
  }
  throw new RangeError(`${month} has no end in ${timezone}`)
}
