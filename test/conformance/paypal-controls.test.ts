import { subject } from '../providers/paypal/subject.ts'
import { controls } from './controls.ts'
import type { Mistake } from './patched.ts'

/** For each guard a mistake somebody could make, which the guard must catch. */
const mistakes = new Map<string, Mistake>([
  [
    'a delivery signed with any current secret is verified',
    {
      file: 'settings.ts',
      from: '[...configured, ...webhookSecrets]',
      to: '[...configured, ...webhookSecrets.slice(0, 1)]',
    },
  ],
  [
    'a delivery signed with another secret is forged',
    { file: 'verify.ts', from: 'return ids.some((id) =>', to: 'return true || ids.some((id) =>' },
  ],
  [
    'one changed byte of the body, anywhere, makes it forged',
    {
      file: 'verify.ts',
      from: 'const check = crc32(body)',
      to: 'const check = crc32(Buffer.from(body).subarray(0, -1), 0) && crc32(Buffer.from(Buffer.from(body).toString().replace(/^./, "{").replace(/.$/, "}")))',
    },
  ],
  [
    'a body that says the same in other bytes is forged',
    {
      file: 'verify.ts',
      from: 'const check = crc32(body)',
      to: 'const check = crc32(Buffer.from(body).toString().trim())',
    },
  ],
  [
    'a signature header that is missing, empty, given twice or not ASCII is forged',
    {
      file: 'verify.ts',
      from: 'if (found[key] !== undefined) return',
      to: 'if (found === undefined) return',
    },
  ],
  [
    'no header makes it throw',
    { file: 'verify.ts', from: "return 'header missing'", to: "throw new Error('header missing')" },
  ],
  [
    'what is genuine but nothing that they send is malformed, not forged',
    { file: 'json.ts', from: 'fatal: true', to: 'fatal: false' },
  ],
  [
    'the other mode and another account are not allowed, as the body shows them',
    {
      file: 'verify.ts',
      from: "return host.endsWith('sandbox.paypal.com') !== (mode === 'test')",
      to: 'return false',
    },
  ],
  [
    'a verified delivery says its id, type and time',
    { file: 'verify.ts', from: 'const isTime = time >= 0', to: 'const isTime = time < 0' },
  ],
  [
    'each example states exactly its facts',
    { file: 'payment.ts', from: 'const netMinor = grossMinor - feeMinor', to: 'const netMinor = grossMinor' },
  ],
  [
    'the same body states the same again, and stays as it was',
    {
      file: 'normalize.ts',
      from: 'const root = parseObject(event.body)',
      to: 'const root = parseObject(event.body); event.body.fill(0)',
    },
  ],
  [
    'a type that nobody uses is ignored',
    {
      file: 'normalize.ts',
      from: "return { kind: 'ignored', reason: 'unused_type' }",
      to: "throw new Unreadable('type', 'is unknown')",
    },
  ],
  [
    'a field that we need and cannot read is a review that names it',
    { file: 'json.ts', from: 'if (found !== undefined && found.amountMinor < 0n)', to: 'if (false)' },
  ],
  [
    'amounts are minor units of ISO 4217, with no, two and three decimals',
    {
      file: 'json.ts',
      from: "parseDecimal(needText(money, 'value'), currency)",
      to: "parseDecimal(needText(money, 'value'), 'USD')",
    },
  ],
  [
    'no fact holds what belongs to a person',
    { file: 'order.ts', from: "personId: '',\n    hasEmail", to: "personId: who.email ?? '',\n    hasEmail" },
  ],
  [
    'a list and a webhook state the same of one object',
    {
      file: 'transactions.ts',
      from: 'const reading = await known(() => read(resource, api))',
      to: "const reading = { type: 'resource.transaction', body }",
    },
  ],
  [
    'a listed object comes as the very bytes of the answer',
    {
      file: 'wire.ts',
      from: 'body: Buffer.concat(chunks) }',
      to: 'body: Buffer.from(JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()), null, 1)) }',
    },
  ],
])

/** Rules that need a signed time that expires, or several signatures, and so say nothing of this provider. */
const idle = [
  'while the sender rolls its secret, one of its signatures is enough',
  'a signed time outside the tolerance is forged, in the past and in the future, and inside it is not',
]

controls(subject, mistakes, idle)
