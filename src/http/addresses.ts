import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'

/** Whether an address is on a list of addresses and CIDR blocks. An entry that is neither throws a `RangeError`. */
export function addressMatcher(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', length, ...rest] = entry.split('/')
    const plain = unmapped(address)
    const family = isIP(plain)
    const prefix = length === undefined ? (family === 4 ? 32 : 128) : prefixOf(length, address !== plain)
    if (family === 0 || rest.length > 0 || !(prefix >= 0 && prefix <= (family === 4 ? 32 : 128))) {
      throw new RangeError(`neither an address nor a CIDR block: ${entry}`)
    }
    list.addSubnet(plain, prefix, family === 4 ? 'ipv4' : 'ipv6')
  }
  return (address) => {
    const plain = unmapped(address)
    const family = isIP(plain)
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6')
  }
}

function prefixOf(text: string, isMapped: boolean): number {
  if (!/^\d{1,3}$/.test(text)) return Number.NaN
  return isMapped ? Number(text) - 96 : Number(text)
}

/** ::ffff:10.0.0.1 and its hexadecimal spelling are 10.0.0.1, which is what a list of v4 addresses means by it. */
export function unmapped(address: string): string {
  const zoneless = address.split('%', 1)[0] ?? ''
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(zoneless)?.[1]
  if (dotted !== undefined && isIPv4(dotted)) return dotted
  const hex = /^(?:::|(?:0{1,4}:){5})ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(zoneless)
  if (hex === null) return zoneless
  const [high, low] = [Number.parseInt(hex[1]!, 16), Number.parseInt(hex[2]!, 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/**
 * Whose request it is. `hops` proxies of ours each append to X-Forwarded-For, so the address is that many entries from
 * the end; what stands before, anybody may have written. With too few entries, the one who connected.
 */
export function addressOf(request: IncomingMessage, hops: number): string {
  const peer = unmapped(request.socket.remoteAddress ?? '')
  if (hops === 0) return peer
  const given = request.headers['x-forwarded-for']
  const entries = (Array.isArray(given) ? given.join(',') : (given ?? ''))
    .split(',')
    .map((entry) => entry.trim())
  const entry = entries.length >= hops ? entries[entries.length - hops] : undefined
  const address = unmapped(withoutPort(entry ?? ''))
  return isIP(address) === 0 ? peer : address
}

function withoutPort(entry: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1]
  if (bracketed !== undefined) return bracketed
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(entry) ? entry.slice(0, entry.lastIndexOf(':')) : entry
}

/** One sender for the limits: a v6 network of /64 is one subscriber's, and has addresses without end. */
export function senderOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const full =
    tail === undefined
      ? groups
      : [...groups, ...Array(Math.max(0, 8 - groups.length - rest.length)).fill('0'), ...rest]
  return `${full
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
