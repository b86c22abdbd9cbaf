import assert from 'node:assert/strict'
import type { Verdict } from '../../src/providers/provider.ts'
import type { Guard } from './guards.ts'
import { bytes, type Subject } from './subject.ts'

async function verdict(
  subject: Subject,
  request: Parameters<Subject['provider']['verify']>[0],
  at = subject.now,
): Promise<Verdict> {
  return await subject.provider.verify(request, subject.settings, at)
}

async function expectKind(
  subject: Subject,
  body: Uint8Array,
  kind: Verdict['kind'],
  why: string,
): Promise<void> {
  const found = await verdict(subject, subject.deliver(body))
  assert.equal(found.kind, kind, `${why}: ${JSON.stringify(found)}`)
}

const secretsOf = (subject: Subject) => subject.settings.webhookSecrets

/** Who may enter: signatures, times, modes and accounts. */
export const verifying: readonly Guard[] = [
  {
    name: 'a delivery signed with any current secret is verified',
    run: async (subject) => {
      for (const secret of secretsOf(subject)) {
        const found = await verdict(subject, subject.deliver(subject.body, { secrets: [secret] }))
        assert.equal(found.kind, 'verified')
      }
      assert.ok(secretsOf(subject).length >= 2, 'the subject has two secrets, so that rotation is tried')
    },
  },
  {
    name: 'while the sender rolls its secret, one of its signatures is enough',
    run: async (subject) => {
      if (subject.signsOnce === true) return
      for (const secrets of [
        ['not ours', secretsOf(subject)[0]!],
        [secretsOf(subject)[1]!, 'not ours'],
      ]) {
        assert.equal((await verdict(subject, subject.deliver(subject.body, { secrets }))).kind, 'verified')
      }
    },
  },
  {
    name: 'a delivery signed with another secret is forged',
    run: async (subject) => {
      const found = await verdict(
        subject,
        subject.deliver(subject.body, { secrets: ['whsec_of_somebody_else'] }),
      )
      assert.equal(found.kind, 'forged')
    },
  },
  {
    name: 'one changed byte of the body, anywhere, makes it forged',
    run: async (subject) => {
      const request = subject.deliver(subject.body)
      for (const at of [0, Math.floor(subject.body.length / 2), subject.body.length - 1]) {
        const body = Uint8Array.from(subject.body)
        body[at] = body[at]! ^ 1
        assert.equal((await verdict(subject, { ...request, body })).kind, 'forged', `byte ${at}`)
      }
    },
  },
  {
    name: 'a body that says the same in other bytes is forged',
    run: async (subject) => {
      const body = bytes(`${Buffer.from(subject.body).toString('utf8')} `)
      assert.equal((await verdict(subject, { ...subject.deliver(subject.body), body })).kind, 'forged')
    },
  },
  {
    name: 'a signed time outside the tolerance is forged, in the past and in the future, and inside it is not',
    run: async (subject) => {
      if (!subject.signsTime) return
      const tolerance = subject.settings.toleranceSeconds
      for (const [skew, kind] of [
        [0, 'verified'],
        [tolerance, 'verified'],
        [-tolerance, 'verified'],
        [tolerance + 1, 'forged'],
        [-tolerance - 1, 'forged'],
      ] as const) {
        const at = new Date(subject.now.getTime() - skew * 1000)
        assert.equal((await verdict(subject, subject.deliver(subject.body, { at }))).kind, kind, `${skew} s`)
      }
    },
  },
  {
    name: 'a signature header that is missing, empty, given twice or not ASCII is forged',
    run: async (subject) => {
      const request = subject.deliver(subject.body)
      const [, value] = request.headers.find(([name]) => name === subject.signatureHeader)!
      const others = request.headers.filter(([name]) => name !== subject.signatureHeader)
      const header = (given: string) => [...others, [subject.signatureHeader, given]] as const
      for (const headers of [
        others,
        header(''),
        header(`${value}\xff`),
        [...header(value), [subject.signatureHeader, value] as const],
      ]) {
        assert.equal((await verdict(subject, { ...request, headers })).kind, 'forged')
      }
    },
  },
  {
    name: 'no header makes it throw',
    run: async (subject) => {
      const request = subject.deliver(subject.body)
      const [, value] = request.headers.find(([name]) => name === subject.signatureHeader)!
      const odd = [
        value.slice(1),
        value.slice(0, -1),
        `${value}0`,
        value.toUpperCase(),
        '=',
        ',',
        't=,v1=',
        '\x00',
        'é'.repeat(64),
        'x'.repeat(100_000),
        `t=1,v1=${'é'.repeat(64)}`,
      ]
      for (const given of odd) {
        const found = await verdict(subject, { ...request, headers: [[subject.signatureHeader, given]] })
        assert.equal(found.kind, 'forged', given.slice(0, 80))
      }
    },
  },
  {
    name: 'what is genuine but nothing that they send is malformed, not forged',
    run: async (subject) => {
      for (const { name, body } of subject.malformed) await expectKind(subject, body, 'malformed', name)
    },
  },
  {
    name: 'the other mode and another account are not allowed, as the body shows them',
    run: async (subject) => {
      const found = await verdict(subject, subject.deliver(subject.otherMode))
      if (subject.otherModeIs === 'ignored')
        assert.equal(found.kind === 'verified' ? found.delivery.ignore : found.kind, 'other_mode')
      else assert.equal(found.kind, 'not_allowed', 'other mode')
      await expectKind(subject, subject.otherAccount, 'not_allowed', 'other account')
    },
  },
  {
    name: 'a verified delivery says its id, type and time',
    run: async (subject) => {
      const found = await verdict(subject, subject.deliver(subject.body))
      assert.ok(found.kind === 'verified')
      assert.notEqual(found.delivery.providerEventId, '')
      assert.notEqual(found.delivery.type, '')
      assert.match(found.delivery.occurredAt ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    },
  },
]
