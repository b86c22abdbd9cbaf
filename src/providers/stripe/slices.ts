/**
 * The bytes of each element of the list answer's `data`, cut out as they stand: parsing and printing again would lose
 * digits past 2^53, spelling and order. Undefined for what is no list answer.
 *
 * The text is known to be JSON already, so only strings and nesting matter; all marks are ASCII and so are never part
 * of a longer character in UTF-8.
 */
export function elementsOf(body: Uint8Array): Uint8Array[] | undefined {
  const open = arrayStart(body)
  if (open === undefined) return undefined
  const elements: Uint8Array[] = []
  let depth = 0
  let start = -1
  for (let at = open + 1; at < body.length; at++) {
    const byte = body[at]!
    if (byte === quote) at = stringEnd(body, at)
    else if (byte === brace || byte === bracket) {
      if (depth === 0) start = at
      depth += 1
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 0) return elements
      depth -= 1
      if (depth === 0) elements.push(body.subarray(start, at + 1))
    }
  }
  return undefined
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a]
const [brace, closeBrace, bracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]

/** Where the array of the outermost key `data` opens. */
function arrayStart(body: Uint8Array): number | undefined {
  let depth = 0
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!
    if (byte === quote) {
      const end = stringEnd(body, at)
      const name = depth === 1 ? Buffer.from(body.subarray(at + 1, end)).toString('latin1') : ''
      at = end
      if (name !== 'data') continue
      const mark = nextMark(body, end + 1)
      if (body[mark] !== colon) continue
      const value = nextMark(body, mark + 1)
      return body[value] === bracket ? value : undefined
    }
    if (byte === brace || byte === bracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) depth -= 1
  }
  return undefined
}

function stringEnd(body: Uint8Array, from: number): number {
  let at = from + 1
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1
  return at
}

function nextMark(body: Uint8Array, from: number): number {
  let at = from
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at += 1
  return at
}
