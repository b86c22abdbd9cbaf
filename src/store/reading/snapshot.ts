import type pg from 'pg'
import { type Connection, inTransaction } from '../database.ts'

/** Runs `work` on one unchanging view of the database, so that several statements tell one story. */
export function inSnapshot<T>(pool: pg.Pool, work: (on: Connection) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (on) => {
    await on.query('set transaction isolation level repeatable read read only')
    return work(on)
  })
}
