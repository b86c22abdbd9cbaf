/**
 * The bytes of the value under a path of keys in a JSON text, cut out as they stand: parsing and printing again would
 * lose digits past 2^53. Undefined where there is no such value. The text is known to be JSON already, so only strings
 * and nesting matter; all marks are ASCII and so never part of a longer character in UTF-8.
 */
export function sliceAt(body: Uint8Array, path: readonly string[]): Uint8Array | undefined {
  let at = skipSpace(body, 0)
  for (const key of path) {
    const found = startOf(body, at, key)
    if (found === undefined) return undefined
    at = found
  }
  return body.subarray(at, valueEnd(body, at))
}

/** The bytes of each element of the array under a path; undefined where there is no array, or it has no end. */
export function elementsAt(body: Uint8Array, path: readonly string[]): Uint8Array[] | undefined {
  const array = sliceAt(body, path)
  if (array?.[0] !== bracket || array.at(-1) !== closeBracket) return undefined
  const elements: Uint8Array[] = []
  let at = skipSpace(array, 1)
  while (at < array.length && array[at] !== closeBracket) {
    const end = valueEnd(array, at)
    elements.push(array.subarray(at, end))
    at = skipSpace(array, end)
    if (array[at] === comma) at = skipSpace(array, at + 1)
  }
  return elements
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [brace, closeBrace, bracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]

/** Where the value of an object's own key begins. */
function startOf(body: Uint8Array, start: number, key: string): number | undefined {
  if (body[start] !== brace) return undefined
  let at = skipSpace(body, start + 1)
  while (at < body.length && body[at] === quote) {
    const nameEnd = stringEnd(body, at)
    const name = Buffer.from(body.subarray(at + 1, nameEnd - 1)).toString('latin1')
    const value = skipSpace(body, skipSpace(body, nameEnd) + 1) // past the colon
    if (name === key) return value
    at = skipSpace(body, valueEnd(body, value))
    if (body[at] === comma) at = skipSpace(body, at + 1)
  }
  return undefined
}

/** One past the end of the value that begins here. */
function valueEnd(body: Uint8Array, start: number): number {
  let depth = 0
  let at = start
  while (at < body.length) {
    const byte = body[at]!
    if (byte === quote) at = stringEnd(body, at)
    else if (byte === brace || byte === bracket) {
      depth += 1
      at += 1
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 0) return at // of the container: a bare number or word ended before it
      depth -= 1
      at += 1
    } else if (depth === 0 && (byte === comma || isSpace(byte))) return at
    else {
      at += 1
      continue
    }
    if (depth === 0) return at
  }
  return at
}

/** One past the closing quote. */
function stringEnd(body: Uint8Array, from: number): number {
  let at = from + 1
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1
  return at + 1
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from
  while (isSpace(body[at])) at += 1
  return at
}
