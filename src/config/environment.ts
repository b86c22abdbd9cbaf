import { type Mistake, pathText } from './problem.ts'
import { z } from 'zod'

const levels = ['error', 'warn', 'info', 'debug'] as const

const schema = z.object({
  PORT: z.coerce
    .number('a port number, 0 to 65535')
    .int('a port number, 0 to 65535')
    .min(0, 'a port number, 0 to 65535')
    .max(65_535, 'a port number, 0 to 65535')
    .default(8080),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z
    .string()
    .refine(
      (text) => /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? ''),
      'a URL such as postgres://user:password@host:5432/name',
    )
    .optional(),
  ORDERSYNC_DATA_DIR: z.string().default('.ordersync'),
  ORDERSYNC_CONFIG: z.string().optional(),
  ORDERSYNC_ADMIN_KEY: z.string().min(32, 'at least 32 characters').optional(),
  ORDERSYNC_ENCRYPTION_KEY: z
    .string()
    .refine(
      (text) => /^[A-Za-z0-9+/]{43}=$/.test(text),
      '32 bytes in base64, such as `openssl rand -base64 32` prints',
    )
    .optional(),
  LOG_LEVEL: z.enum(levels, `one of ${levels.join(', ')}`).default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty'], 'json or pretty').optional(),
})

/** What the environment says, checked. */
export type Environment = {
  readonly port: number
  readonly host: string
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  readonly configPath: string | undefined
  readonly adminKey: string | undefined
  readonly encryptionKey: string | undefined
  readonly logLevel: string
  readonly logFormat: 'json' | 'pretty'
}

/** A variable that is set to nothing counts as not set, as compose files and unit files write it. */
export function environmentOf(
  env: { readonly [name: string]: string | undefined },
  isTerminal: boolean,
): { settings: Environment; mistakes: readonly Mistake[] } {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
  )
  const parsed = schema.safeParse(given)
  const mistakes = (parsed.error?.issues ?? []).map(({ path, message }) => ({
    at: pathText(path),
    wrong: 'this value of the environment variable is not possible',
    expected: message,
  }))
  const value = parsed.data ?? schema.parse({})
  return {
    mistakes,
    settings: {
      port: value.PORT,
      host: value.HOST,
      databaseUrl: value.DATABASE_URL,
      dataDir: given.ORDERSYNC_DATA_DIR ?? value.ORDERSYNC_DATA_DIR,
      configPath: given.ORDERSYNC_CONFIG,
      adminKey: value.ORDERSYNC_ADMIN_KEY,
      encryptionKey: value.ORDERSYNC_ENCRYPTION_KEY,
      logLevel: value.LOG_LEVEL,
      logFormat: value.LOG_FORMAT ?? (isTerminal ? 'pretty' : 'json'),
    },
  }
}
