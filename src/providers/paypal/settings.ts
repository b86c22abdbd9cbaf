import type { ConnectionSettings } from '../provider.ts'

/** The id under which their simulator signs, with the live certificate: whatever anybody has it sign verifies. */
export const simulatorId = 'WEBHOOK_ID'

/** Ids of our webhook, which a signature is made for: while one is replaced, the old and the new. */
export function webhookIds({ extra, webhookSecrets }: ConnectionSettings): readonly string[] {
  const configured = typeof extra.webhookId === 'string' ? extra.webhookId.split(',') : []
  const ids = [...configured, ...webhookSecrets].map((id) => id.trim())
  return [...new Set(ids)].filter((id) => id !== '' && id !== simulatorId)
}

/** A setting of this provider alone, where it is text. */
export function setting({ extra }: ConnectionSettings, name: string): string | undefined {
  const value = extra[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** `https://api-m.paypal.com` or the sandbox's, or what stands in for it; without a slash at its end. */
export function apiBase({ mode, apiBaseUrl }: ConnectionSettings): string {
  if (apiBaseUrl !== undefined) return new URL(apiBaseUrl).origin
  return mode === 'live' ? 'https://api-m.paypal.com' : 'https://api-m.sandbox.paypal.com'
}
