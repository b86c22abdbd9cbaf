/** Parameters as Stripe reads them: text, lists and nested maps. Maps have no prototype: keys come from outside. */
export type Parameter = string | Parameter[] | { [key: string]: Parameter }
export type Parameters = { [key: string]: Parameter }

/** Deeper nesting than any call of Stripe's has. */
const depthMax = 8

/**
 * Reads `a[b][c]=1&expand[]=x&items[0][price]=p`: the form of Stripe's bodies and of its query strings alike.
 * A key that contradicts an earlier one wins, as at Stripe.
 */
export function parseForm(text: string): Parameters {
  const root = emptyMap()
  for (const [key, value] of new URLSearchParams(text)) {
    const path = partsOf(key)
    if (path.length <= depthMax) put(root, path, value)
  }
  return listed(root) as Parameters
}

function partsOf(key: string): string[] {
  const open = key.indexOf('[')
  if (open <= 0) return [key]
  const inner = [...key.slice(open).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1]!)
  return [key.slice(0, open), ...inner]
}

function put(map: Parameters, [head = '', ...rest]: readonly string[], value: string): void {
  // `expand[]` appends; a map with the keys 0, 1, … is turned into a list at the end.
  const key = head === '' ? String(Object.keys(map).length) : head
  if (rest.length === 0) {
    map[key] = value
    return
  }
  const held = map[key]
  const next = typeof held === 'object' && !Array.isArray(held) ? held : emptyMap()
  map[key] = next
  put(next, rest, value)
}

function listed(value: Parameter): Parameter {
  if (typeof value !== 'object' || Array.isArray(value)) return value
  const keys = Object.keys(value)
  const values = keys.map((key) => listed(value[key]!))
  if (keys.length > 0 && keys.every((key, index) => key === String(index))) return values
  const map = emptyMap()
  keys.forEach((key, index) => {
    map[key] = values[index]!
  })
  return map
}

const emptyMap = (): Parameters => Object.create(null) as Parameters

/** A parameter that must be text, or undefined. */
export function textOf(parameters: Parameters, key: string): string | undefined {
  const value = parameters[key]
  return typeof value === 'string' ? value : undefined
}

/** A map of texts (`metadata[a]=1`); anything else in it is left out. */
export function textsOf(parameters: Parameters, key: string): { [key: string]: string } {
  const value = parameters[key]
  if (typeof value !== 'object' || Array.isArray(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** A list of texts (`expand[]=a`, `enabled_events[]=*`). */
export function listOf(parameters: Parameters, key: string): string[] {
  const value = parameters[key]
  if (!Array.isArray(value)) return []
  return value.filter((each) => typeof each === 'string')
}
