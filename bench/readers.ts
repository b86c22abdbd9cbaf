import type { StoredEvent } from '../src/providers/provider.ts'
import { bytes, type Subject } from '../test/conformance/subject.ts'
import { subject as paypal } from '../test/providers/paypal/subject.ts'
import { subject as shopify } from '../test/providers/shopify/subject.ts'
import { subject as stripe } from '../test/providers/stripe/subject.ts'

/** What one event costs before anything is stored, and what reading it costs after that: µs of processor time. */
export type ReaderFigures = {
  readonly provider: string
  readonly verifyUs: number
  readonly normalizeUs: number
  /** Bodies that were read: every example of the conformance suite. */
  readonly examples: number
}

const rounds = 5
const repeats = 400

/** Each provider's `verify` over a genuine delivery, and its `normalize` over all examples; the quickest of some rounds. */
export async function measureReaders(): Promise<readonly ReaderFigures[]> {
  const figures: ReaderFigures[] = []
  for (const subject of [stripe, paypal, shopify]) figures.push(await measured(subject))
  return figures
}

async function measured(subject: Subject): Promise<ReaderFigures> {
  const { provider, settings, now, fixtures } = subject
  const request = subject.deliver(subject.body)
  const verdict = await provider.verify(request, settings, now)
  if (verdict.kind !== 'verified') throw new Error(`${provider.name}: a genuine delivery is ${verdict.kind}`)
  const events = fixtures.map(
    ({ name, type, body }): StoredEvent => ({
      id: name,
      type,
      source: type.startsWith('resource.') ? 'reread' : 'webhook',
      body: bytes(body),
      receivedAt: now.toISOString(),
    }),
  )
  const verify = async () => {
    for (let n = 0; n < repeats; n += 1) await provider.verify(request, settings, now)
  }
  const normalize = () => {
    for (let n = 0; n < repeats / 10; n += 1) for (const event of events) provider.normalize(event, settings)
  }
  return {
    provider: provider.name,
    verifyUs: (await quickest(verify)) / repeats,
    normalizeUs: (await quickest(normalize)) / ((repeats / 10) * events.length),
    examples: events.length,
  }
}

async function quickest(work: () => Promise<void> | void): Promise<number> {
  const took: number[] = []
  for (let n = 0; n < rounds; n += 1) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    took.push(user + system)
  }
  return Math.min(...took)
}
