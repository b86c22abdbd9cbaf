import { subject } from '../providers/stripe/subject.ts'
import { controls } from './controls.ts'
import type { Mistake } from './patched.ts'

/** For each guard a mistake somebody could make, which the guard must catch. */
const mistakes = new Map<string, Mistake>([
  [
    'a delivery signed with any current secret is verified',
    {
      file: 'verify.ts',
      from: 'for (const secret of secrets)',
      to: 'for (const secret of secrets.slice(0, 1))',
    },
  ],
  [
    'while the sender rolls its secret, one of its signatures is enough',
    {
      file: 'verify.ts',
      from: 'for (const digest of digests)',
      to: 'for (const digest of digests.slice(0, 1))',
    },
  ],
  [
    'a delivery signed with another secret is forged',
    { file: 'verify.ts', from: 'let matches = false', to: 'let matches = secrets.length > 0' },
  ],
  [
    'one changed byte of the body, anywhere, makes it forged',
    {
      file: 'verify.ts',
      from: 'timingSafeEqual(digest, expected)',
      to: 'timingSafeEqual(digest.subarray(32), expected.subarray(32))',
    },
  ],
  [
    'a body that says the same in other bytes is forged',
    {
      file: 'verify.ts',
      from: '.update(body).digest()',
      to: '.update(Buffer.from(body).toString().trim()).digest()',
    },
  ],
  [
    'a signed time outside the tolerance is forged, in the past and in the future, and inside it is not',
    { file: 'verify.ts', from: 'Math.abs(skewSeconds) >', to: 'skewSeconds >' },
  ],
  [
    'a signature header that is missing, empty, given twice or not ASCII is forged',
    { file: 'verify.ts', from: "if (found !== undefined) return { reason: 'header given twice' }", to: '' },
  ],
  [
    'no header makes it throw',
    { file: 'verify.ts', from: "key === 'v1' && hexDigest.test(value)", to: "key === 'v1'" },
  ],
  [
    'what is genuine but nothing that they send is malformed, not forged',
    { file: 'verify.ts', from: 'if (!isUtf8(body)) return undefined', to: '' },
  ],
  [
    'the other mode and another account are not allowed, as the body shows them',
    { file: 'verify.ts', from: 'if (!isOurMode && !isConnect)', to: 'if (false)' },
  ],
  [
    'a verified delivery says its id, type and time',
    { file: 'verify.ts', from: '...(occurredAt !== undefined && { occurredAt })', to: '...{}' },
  ],
  [
    'each example states exactly its facts',
    { file: 'charge.ts', from: 'const refunded = shown - (', to: 'const refunded = shown - 0n * (' },
  ],
  [
    'the same body states the same again, and stays as it was',
    { file: 'normalize.ts', from: 'const related =', to: 'event.body.fill(0); const related =' },
  ],
  [
    'a type that nobody uses is ignored',
    {
      file: 'normalize.ts',
      from: "if (row === undefined) return { kind: 'ignored', reason: 'unused_type' }",
      to: "if (row === undefined) throw new Unreadable('type', 'is unknown')",
    },
  ],
  [
    'a field that we need and cannot read is a review that names it',
    { file: 'money.ts', from: 'value !== undefined && value < 0n', to: 'false' },
  ],
  [
    'amounts are minor units of ISO 4217, with no, two and three decimals',
    { file: 'money.ts', from: 'return value / 100n', to: 'return value' },
  ],
  [
    'no fact holds what belongs to a person',
    {
      file: 'people.ts',
      from: "const data = { personId: '', hasEmail",
      to: "const data = { personId: who.email ?? '', hasEmail",
    },
  ],
  [
    'a list and a webhook state the same of one object',
    {
      file: 'charge.ts',
      from: 'const captured = capturedAmount(node, money, isReturned)',
      to: "const captured = witness.type.startsWith('resource.') ? amountMinor + 1n : capturedAmount(node, money, isReturned)",
    },
  ],
  [
    'a listed object comes as the very bytes of the answer',
    {
      file: 'list.ts',
      from: 'slices.map((slice) => rowOf(slice,',
      to: 'slices.map((slice) => rowOf(Buffer.from(JSON.stringify(JSON.parse(Buffer.from(slice).toString()), null, 1)),',
    },
  ],
])

controls(subject, mistakes)
