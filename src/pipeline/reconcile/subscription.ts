import type { Api, SubscriptionState } from '../../providers/provider.ts'
import * as polling from '../../store/polling.ts'
import { rateOf } from '../rate.ts'
import { apiOf, callTimeoutMs, type Run } from './run.ts'

const reasons: { readonly [K in SubscriptionState['status']]?: string } = {
  absent: 'absent',
  disabled: 'disabled',
  wrong_url: 'url',
  wrong_topics: 'topics',
  wrong_version: 'version',
  doubled: 'doubled',
}

export type SubscriptionStanding = {
  readonly resource: { readonly kind: string; readonly id: string }
  readonly detail: object
  readonly ours: object
  readonly theirs: object
  readonly repair: string
}

/** Our webhook as the provider has it. Undefined where nothing can be said: no public URL is configured, or no answer came. */
export async function lookAtSubscription(run: Run): Promise<SubscriptionState | undefined> {
  const url = urlOf(run)
  if (url === undefined) return undefined
  const state = await asked(run, (api) => run.provider.subscription.inspect(api, url))
  return state?.status === 'unknown' ? undefined : state
}

/** What an operator is told of it; nothing where all is well. */
export function subscriptionStandings(run: Run, state: SubscriptionState): SubscriptionStanding[] {
  const reason = reasons[state.status]
  if (reason === undefined) return []
  return [
    {
      resource: { kind: 'webhook_endpoint', id: run.connection.id },
      detail: { reason, text: state.detail },
      ours: { url: urlOf(run) },
      theirs: { status: state.status, ...(state.url === undefined ? {} : { url: state.url }) },
      repair: `ordersync connections register ${run.connection.id}`,
    },
  ]
}

/** Where nothing was missing though nothing shows, it stands where the API does not look; asked again after a day. */
const elsewhere = new WeakMap<Run['system']['db'], Map<string, number>>()
const dayMs = 86_400_000

/**
 * Makes again what the provider has dropped, where that needs nobody. A connection that never had a webhook was not
 * dropped: whether to subscribe it is for an operator to say, as a copy of the service may not.
 */
export async function mendSubscription(
  run: Run,
  state: SubscriptionState,
): Promise<'mended' | 'unneeded' | 'left'> {
  const { subscription } = run.provider
  const url = urlOf(run)
  if (url === undefined || subscription.mends?.includes(state.status) !== true) return 'left'
  const known = elsewhere.get(run.system.db) ?? new Map<string, number>()
  elsewhere.set(run.system.db, known)
  const at = known.get(run.connection.id)
  if (at !== undefined && performance.now() - at < dayMs) return 'unneeded'
  if (run.dryRun || (await lastWebhookOf(run)) === undefined) return 'left'
  const mended = await asked(run, (api) => subscription.ensure(api, url))
  if (mended?.status !== 'healthy') return 'left'
  if (mended.made !== 0) return 'mended'
  known.set(run.connection.id, performance.now())
  return 'unneeded'
}

/** A connection without a webhook for longer never had any. */
const webhooksWithinMs = 30 * 86_400_000

/** When the last webhook of the connection came; undefined where none did for a month. */
export async function lastWebhookOf(run: Run): Promise<string | undefined> {
  const since = new Date(run.system.now().getTime() - webhooksWithinMs).toISOString()
  const [row] = await polling.lastWebhook(run.system.db.web, run.connection.id, since)
  if (row?.first == null) return undefined
  return row.repeat !== null && row.repeat > row.first ? row.repeat : row.first
}

function urlOf({ system, connection }: Run): string | undefined {
  const { publicUrl } = system.config
  return publicUrl && `${publicUrl.replace(/\/$/, '')}/webhooks/${connection.provider}/${connection.id}`
}

/** Undefined where no answer came, which says nothing about the subscription. */
async function asked<T>(run: Run, call: (api: Api) => Promise<T>): Promise<T | undefined> {
  try {
    await rateOf(run.system, run.connection.id).acquire(run.signal)
    const signal = AbortSignal.any([run.signal, AbortSignal.timeout(callTimeoutMs)])
    return await call(apiOf(run, signal))
  } catch (error) {
    run.signal.throwIfAborted()
    run.system.log.warn('the webhook subscription could not be looked at', {
      connection: run.connection.id,
      error: (error as Error).message,
    })
    return undefined
  }
}
