import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** `prefix_` and 26 characters that sort by when they were made: 48 bits of milliseconds, 80 random bits. */
export function newId(prefix: string, now: Date = new Date()): string {
  let time = now.getTime()
  let head = ''
  for (let i = 0; i < 10; i += 1) {
    head = alphabet[time % 32] + head
    time = Math.floor(time / 32)
  }
  const tail = Array.from(randomBytes(16), (byte) => alphabet[byte % 32]).join('')
  return `${prefix}_${head}${tail}`
}
