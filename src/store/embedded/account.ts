import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'

/** Whom the server runs as: undefined is the present user. */
export type Account = { readonly uid: number; readonly gid: number; readonly name: string } | undefined

const run = promisify(execFile)

/** Postgres refuses to run as root, so root lends it an ordinary account. */
export function serverAccount(passwd: string = readPasswd()): Account {
  if (process.getuid?.() !== 0) return undefined
  const accounts = new Map(passwd.split('\n').map((line) => [line.split(':')[0], line.split(':')]))
  for (const name of ['postgres', 'nobody']) {
    const fields = accounts.get(name)
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]), name }
  }
  throw new Error(
    'the embedded Postgres cannot run as root, and there is no user "postgres" or "nobody" to run it as; set DATABASE_URL',
  )
}

/** Whether the account can go into this folder: root's home, for one, lets nobody else through. */
export async function canEnter(account: Account, directory: string): Promise<boolean> {
  if (account === undefined) return true
  try {
    await run('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { ...identity(account), cwd: '/' })
    return true
  } catch {
    return false
  }
}

/** Options of `spawn` and `execFile`. */
export function identity(account: Account): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid }
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    return ''
  }
}
