import { statement } from './statement.ts'

const byPerson = 'resolved by an operator'

/** Why an event stands as it does when a person closed its review. */
export function resolutionReason(note: string): string {
  return note === '' ? byPerson : `${byPerson}: ${note}`
}

export function isResolution(reason: string | null): boolean {
  return reason?.startsWith(byPerson) === true
}

/** Closes by a person's word what no replay will: an event under review, or a dead letter. No row: it is neither. */
export const resolveEvent = statement<[id: string, as: string, reason: string, now: Date], { id: string }>({
  name: 'eventReview.resolve',
  uses: ['events_pkey'],
  text: `update events set status = $2, reason = $3, review_code = null, next_at = null, processed_at = $4
          where id = $1 and status in ('needs_review', 'failed') returning id`,
})
