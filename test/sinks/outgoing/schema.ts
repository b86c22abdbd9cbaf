import { readFileSync } from 'node:fs'
import * as z from 'zod'

const document = JSON.parse(
  readFileSync(new URL('../../../docs/schemas/outgoing-v1.json', import.meta.url), 'utf8'),
)

/** The events that the published schema names. */
export const publishedEvents: readonly string[] = document.properties.type.enum

/** Throws where a body is not what the published schema says. */
export function assertPublished(body: unknown): void {
  z.fromJSONSchema(document).parse(body)
}
