import { BlockList, isIP } from 'node:net'

// IANA special-purpose registries (checked 2026-11): everything that is not globally reachable, multicast and reserved.
const notPublic4 = new BlockList()
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local, where clouds keep their metadata service
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  notPublic4.addSubnet(address, prefix, 'ipv4')
}

// Of IPv6 only 2000::/3 is given out; the exceptions within it carry IPv4 addresses or are for documents.
const public6 = new BlockList()
public6.addSubnet('2000::', 3, 'ipv6')
const notPublic6 = new BlockList()
for (const [address, prefix] of [
  ['2001::', 23], // Teredo, ORCHID and the rest of IETF's own
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: the IPv4 address inside may be anything
  ['3fff::', 20],
] as const) {
  notPublic6.addSubnet(address, prefix, 'ipv6')
}

/** True for an IP address that anybody on the internet could be reached by; mapped and embedded forms are not. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !notPublic4.check(address, 'ipv4')
  if (family === 6) return public6.check(address, 'ipv6') && !notPublic6.check(address, 'ipv6')
  return false
}
