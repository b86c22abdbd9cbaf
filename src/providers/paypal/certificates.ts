import { type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import type { ConnectionSettings } from '../provider.ts'
import { setting } from './settings.ts'

/** A key to verify with; `refused`: that certificate is none of theirs; `unreachable`: it cannot be had now. */
export type Certified = { readonly key: KeyObject } | { readonly failure: 'refused' | 'unreachable' }

const names = {
  live: 'messageverificationcerts.paypal.com',
  test: 'messageverificationcerts.sandbox.paypal.com',
} as const
const hosts = { live: /^api(-m)?\.paypal\.com$/, test: /^api(-m)?\.sandbox\.paypal\.com$/ } as const
/** Matched as it stands and never parsed first, so that nothing can be read in two ways. */
const urlPattern = /^https:\/\/([a-z0-9.-]{1,100})(\/v1\/notifications\/certs\/[A-Za-z0-9_-]{1,128})$/

const timeoutMs = 3_000
const bytesMax = 64 * 1024
const failureMs = 15_000
const keptMax = 16
const failuresMax = 256
const underWayMax = 4
const depthMax = 5

type Kept = { readonly key: KeyObject; readonly from: number; readonly to: number }

/** Good ones and failures apart, so that a flood of made-up names drives no good one out. */
const kept = new Map<string, Kept>()
const failed = new Map<string, { readonly failure: 'refused' | 'unreachable'; readonly until: number }>()
const underWay = new Map<string, Promise<Certified>>()

/**
 * The public key behind a `PAYPAL-CERT-URL`, which the sender chose: fetched only from PayPal's own hosts of the
 * connection's mode (or what stands in for them), without redirects, and believed only when its chain leads to a public
 * root, its name is theirs and its time has come.
 *
 * `caFile` is trusted instead of the public roots, in test mode only.
 */
export async function keyBehind(url: string, connection: ConnectionSettings, now: Date): Promise<Certified> {
  const [, host, path] = urlPattern.exec(url) ?? []
  if (host === undefined || path === undefined || !hosts[connection.mode].test(host))
    return { failure: 'refused' }
  const from = connection.apiBaseUrl === undefined ? url : `${new URL(connection.apiBaseUrl).origin}${path}`
  const caFile = connection.mode === 'test' ? setting(connection, 'caFile') : undefined
  const mark = `${connection.mode} ${from} ${caFile ?? ''}`
  const at = now.getTime()
  const good = kept.get(mark)
  if (good !== undefined) {
    if (at >= good.from && at <= good.to) return { key: good.key }
    kept.delete(mark)
  }
  const bad = failed.get(mark)
  if (bad !== undefined && Math.abs(bad.until - at) <= failureMs && at < bad.until)
    return { failure: bad.failure }
  const waiting = underWay.get(mark)
  if (waiting !== undefined) return waiting
  if (underWay.size >= underWayMax) return { failure: 'unreachable' }
  const asked = obtain(mark, from, { mode: connection.mode, caFile, at }).finally(() => underWay.delete(mark))
  underWay.set(mark, asked)
  return asked
}

type Asked = { readonly mode: 'live' | 'test'; readonly caFile: string | undefined; readonly at: number }

async function obtain(mark: string, from: string, { mode, caFile, at }: Asked): Promise<Certified> {
  const pem = await fetched(from)
  const found = pem.text === undefined ? undefined : judged(pem.text, names[mode], rootsOf(caFile), at)
  if (found !== undefined) {
    if (kept.size >= keptMax) kept.delete(kept.keys().next().value!)
    kept.set(mark, found)
    return { key: found.key }
  }
  const failure = pem.isUnreachable ? 'unreachable' : 'refused'
  if (failed.size >= failuresMax) failed.delete(failed.keys().next().value!)
  failed.set(mark, { failure, until: at + failureMs })
  return { failure }
}

async function fetched(url: string): Promise<{ text?: string; isUnreachable: boolean }> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    if (response.status !== 200) {
      await response.body?.cancel()
      return { isUnreachable: response.status >= 500 || response.status === 429 }
    }
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength
      if (size > bytesMax) return { isUnreachable: false }
      chunks.push(chunk)
    }
    return { text: Buffer.concat(chunks).toString('latin1'), isUnreachable: false }
  } catch {
    return { isUnreachable: true }
  }
}

/** The leaf's key, and the time in which every certificate up to the root is valid. */
function judged(pem: string, name: string, roots: readonly X509Certificate[], at: number): Kept | undefined {
  try {
    const chain = certificatesIn(pem)
    const leaf = chain[0]
    if (leaf === undefined || leaf.ca || leaf.publicKey.asymmetricKeyType !== 'rsa') return undefined
    if (leaf.checkHost(name, { wildcards: false }) === undefined) return undefined
    const path = pathToRoot(leaf, chain.slice(1), roots)
    if (path === undefined) return undefined
    const from = Math.max(...path.map((one) => one.validFromDate.getTime()))
    const to = Math.min(...path.map((one) => one.validToDate.getTime()))
    return at >= from && at <= to ? { key: leaf.publicKey, from, to } : undefined
  } catch {
    return undefined // no certificate, or one that cannot be read
  }
}

function pathToRoot(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): X509Certificate[] | undefined {
  const path = [leaf]
  while (path.length <= depthMax) {
    const last = path.at(-1)!
    const issued = (by: X509Certificate) => by.ca && last.checkIssued(by) && last.verify(by.publicKey)
    const root = roots.find(issued)
    if (root !== undefined) return [...path, root]
    const next = others.find((one) => !path.includes(one) && issued(one))
    if (next === undefined) return undefined
    path.push(next)
  }
  return undefined
}

function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.slice(0, depthMax + 1).map((block) => new X509Certificate(block))
}

const roots = new Map<string, readonly X509Certificate[]>()

/** Parsed once: there are some 150 public roots. */
function rootsOf(caFile: string | undefined): readonly X509Certificate[] {
  const known = roots.get(caFile ?? '')
  if (known !== undefined) return known
  const found =
    caFile === undefined
      ? rootCertificates.map((pem) => new X509Certificate(pem))
      : certificatesIn(readFileSync(caFile, 'latin1'))
  roots.set(caFile ?? '', found)
  return found
}
