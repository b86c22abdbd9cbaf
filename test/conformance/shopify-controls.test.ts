import { subject } from '../providers/shopify/subject.ts'
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
      from: 'for (const secret of secrets)',
      to: 'for (const secret of secrets.slice(1))',
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
    'a signature header that is missing, empty, given twice or not ASCII is forged',
    { file: 'verify.ts', from: "if (signatures.length > 1) return { reason: 'header given twice' }", to: '' },
  ],
  [
    'no header makes it throw',
    { file: 'verify.ts', from: 'digestBase64.test(value) ? ', to: "value !== '' ? " },
  ],
  [
    'what is genuine but nothing that they send is malformed, not forged',
    { file: 'verify.ts', from: 'if (!isUtf8(body)) return undefined', to: '' },
  ],
  [
    'the other mode and another account are not allowed, as the body shows them',
    { file: 'verify.ts', from: "connection.mode === 'live' && ", to: "connection.mode === 'test' && " },
  ],
  [
    'a verified delivery says its id, type and time',
    { file: 'verify.ts', from: '...(occurredAt !== undefined && { occurredAt })', to: '...{}' },
  ],
  [
    'each example states exactly its facts',
    { file: 'json.ts', from: 'JSON.parse(text, keepDigits)', to: 'JSON.parse(text)' },
  ],
  [
    'the same body states the same again, and stays as it was',
    {
      file: 'normalize.ts',
      from: 'const other = others.get(event.type)',
      to: 'event.body.fill(32, 0, 1); const other = others.get(event.type)',
    },
  ],
  [
    'a type that nobody uses is ignored',
    {
      file: 'normalize.ts',
      from: 'if (other === undefined && reader === undefined) {',
      to: "if (other === undefined && reader === undefined) {\n    throw new Unreadable('type', 'is unknown')",
    },
  ],
  [
    'a field that we need and cannot read is a review that names it',
    { file: 'money.ts', from: 'amountMinor !== undefined && amountMinor < 0n', to: 'false' },
  ],
  [
    'amounts are minor units of ISO 4217, with no, two and three decimals',
    { file: 'money.ts', from: 'parseDecimal(written, currency)', to: "parseDecimal(written, 'EUR')" },
  ],
  [
    'no fact holds what belongs to a person',
    { file: 'order.ts', from: "personId: '',\n    hasEmail", to: "personId: who.email ?? '',\n    hasEmail" },
  ],
  [
    'a list and a webhook state the same of one object',
    { file: 'json.ts', from: 'gidPattern.exec(value)?.[1] ?? value', to: 'value' },
  ],
  [
    'a listed object comes as the very bytes of the answer',
    {
      file: 'list.ts',
      from: 'await itemOf(slice,',
      to: 'await itemOf(Buffer.from(JSON.stringify(JSON.parse(Buffer.from(slice).toString()), null, 1)),',
    },
  ],
])

/** They sign no time, so there is nothing that this one could hold them to. */
const signedTime =
  'a signed time outside the tolerance is forged, in the past and in the future, and inside it is not'

controls(subject, mistakes, [signedTime])
