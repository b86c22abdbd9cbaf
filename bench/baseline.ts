import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import express from 'express'

/** R0: what everybody writes first. Verifies, parses, stores nothing, answers. */
const secret = process.env.STRIPE_WEBHOOK_SECRET ?? ''
const app = express()
app.disable('x-powered-by')
app.post(
  '/webhooks/stripe/:connection',
  express.raw({ type: () => true, limit: '2mb', inflate: false }),
  (request, response) => {
    const fields = new Map(
      String(request.headers['stripe-signature'] ?? '')
        .split(',')
        .map((field) => field.split('=', 2) as [string, string]),
    )
    const expected = createHmac('sha256', secret)
      .update(`${fields.get('t')}.`)
      .update(request.body)
      .digest()
    const given = Buffer.from(fields.get('v1') ?? '', 'hex')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      response.status(401).json({ error: 'signature' })
      return
    }
    const event = JSON.parse(request.body.toString('utf8')) as { id: string }
    response.json({ id: event.id, status: 'accepted' })
  },
)
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
