const [quote, backslash, colon] = [0x22, 0x5c, 0x3a]
const [brace, closeBrace, bracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]

/**
 * The bytes of each object of the array under the outermost key `name`, cut out as they stand: printing them again would
 * lose spelling and digits. Empty where there is no such array. The text is known to be JSON already.
 */
export function elementsOf(body: Uint8Array, name: string): Uint8Array[] {
  const elements: Uint8Array[] = []
  let depth = 0
  let start = -1
  let isWithin = false
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!
    if (byte === quote) {
      const end = stringEnd(body, at)
      if (depth === 1 && !isWithin && textOf(body, at + 1, end) === name) {
        const value = nextMark(body, nextMark(body, end + 1, colon) + 1)
        if (body[value] === bracket) {
          isWithin = true
          depth = 2
          at = value
          continue
        }
      }
      at = end
    } else if (byte === brace || byte === bracket) {
      if (isWithin && depth === 2) start = at
      depth += 1
    } else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1
      if (isWithin && depth === 2 && start >= 0) elements.push(body.subarray(start, at + 1))
      if (isWithin && depth === 1) return elements
    }
  }
  return []
}

function textOf(body: Uint8Array, from: number, to: number): string {
  return Buffer.from(body.subarray(from, to)).toString('latin1')
}

function stringEnd(body: Uint8Array, from: number): number {
  let at = from + 1
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1
  return at
}

/** The next byte that is no white space; of `wanted`, itself, or the end where another stands there. */
function nextMark(body: Uint8Array, from: number, wanted?: number): number {
  let at = from
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at += 1
  return wanted === undefined || body[at] === wanted ? at : body.length
}
