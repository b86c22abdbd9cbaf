import { isIP } from 'node:net'
import { z } from 'zod'

// Every `error` text completes the sentence "expected …", and is what a person reads.

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `5m` → milliseconds. Units ms, s, m, h, d. */
export const duration = z
  .string('a duration such as 30s, 5m, 2h or 400d')
  .regex(/^[1-9]\d{0,8}(ms|s|m|h|d)$/, 'a duration such as 30s, 5m, 2h or 400d')
  .transform(
    (text) => Number(/^\d+/.exec(text)?.[0]) * unitMs[/[a-z]+$/.exec(text)?.[0] as keyof typeof unitMs],
  )

/** A whole number; also as text, because `env:NAME` can only give text. */
export function whole(minimum: number, maximum = Number.MAX_SAFE_INTEGER) {
  const expected =
    maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${minimum}`
      : `a whole number, ${minimum} to ${maximum}`
  return z
    .union([z.number(), z.string(expected).regex(/^\d{1,15}$/, expected)], expected)
    .transform(Number)
    .pipe(z.number(expected).int(expected).min(minimum, expected).max(maximum, expected))
}

export const flag = z
  .union([z.boolean(), z.enum(['true', 'false'])], 'true or false')
  .transform((value) => value === true || value === 'true')

export function text(expected: string, pattern = /\S/) {
  return z.string(expected).regex(pattern, expected)
}

export function choice<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(
    values,
    values.length === 1 ? values[0] : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`,
  )
}

export function url(protocols: readonly string[], example: string) {
  const expected = `a URL such as ${example}`
  return z.string(expected).refine((value) => protocols.includes(URL.parse(value)?.protocol ?? ''), expected)
}

/** One address, or a network as address/bits. */
export const network = z.string('an IP address, or a network such as 10.0.0.0/8').refine((value) => {
  const [address = '', bits, more] = value.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}, 'an IP address, or a network such as 10.0.0.0/8')

export const instant = z.iso.datetime({
  offset: true,
  error: 'first-start, or a time such as 2026-11-01T00:00:00Z',
})

/** A signing key of Standard Webhooks; several, separated by spaces, while rotating. */
export const signingSecret = z
  .string('a signing secret, whsec_ and base64')
  .refine(
    (value) =>
      value
        .split(' ')
        .every((one) =>
          /^whsec_([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$|^whsec_([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$/.test(
            one,
          ),
        ),
    'a signing secret, whsec_ and base64, such as `echo whsec_$(openssl rand -base64 32)` prints',
  )

/** A mapping with these keys and no others. */
export function only<T extends z.ZodRawShape>(shape: T) {
  const keys = `a mapping with ${Object.keys(shape).join(', ')}`
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? `one of ${Object.keys(shape).join(', ')}` : keys),
  })
}

/** As `only`, and a mapping that is not there is one whose every key is left out. */
export function section<T extends z.ZodRawShape>(shape: T) {
  return z.preprocess((value) => (value === undefined ? {} : value), only(shape))
}
