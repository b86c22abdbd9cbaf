import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { eventTypes as ofPaypal } from '../../src/providers/paypal/normalize.ts'
import { topics as ofShopify } from '../../src/providers/shopify/normalize.ts'
import { eventTypes as ofStripe } from '../../src/providers/stripe/normalize.ts'

const root = new URL('../../', import.meta.url)

/** A table names a family once: `payment_intent.created` `.processing`. */
function named(text: string): Set<string> {
  let family = ''
  const names = [...text.matchAll(/`(\.?[\w./-]+)`/g)].map(([, name]) => {
    if (!name!.startsWith('.')) family = name!.slice(0, name!.lastIndexOf('.'))
    return name!.startsWith('.') ? `${family}${name}` : name!
  })
  return new Set(names)
}

for (const [provider, events] of Object.entries({ stripe: ofStripe, paypal: ofPaypal, shopify: ofShopify })) {
  test(`the page on ${provider} names every event to pick, and what to do when it fails`, () => {
    const text = readFileSync(new URL(`docs/providers/${provider}.md`, root), 'utf8')
    const names = named(text)
    assert.deepEqual(
      events.filter((event) => !names.has(event)),
      [],
    )
    assert.match(text, /^## \d\. When it fails$/m)
  })

  test(`the folder of ${provider} names files that are there`, () => {
    const folder = new URL(`src/providers/${provider}/`, root)
    const text = readFileSync(new URL('README.md', folder), 'utf8')
    const files = [...text.matchAll(/`([\w-]+\.ts)`/g)].map(([, file]) => file!)
    assert.ok(files.length > 10)
    for (const file of files) assert.ok(existsSync(new URL(file, folder)), file)
  })
}
