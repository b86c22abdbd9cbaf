import type { Fields } from '../types.ts'
import type { World } from '../world.ts'
import type { Fault } from './faults.ts'
import type { Answer, ApiOptions } from './asked.ts'

/** Steps of the world that another process may ask for by `POST /_twin/steps`. */
const steps = [
  'pay authorize capture fail retry requireAction increment startDebit clear bounce cancel expire settle abandon failLate refund refundSucceeds',
  'refundFails refundCanceled dispute escalate respond closeDispute warnOfFraud customer bill payInvoice payOutOfBand',
  'closeInvoice payout payoutArrives payoutFails payoutCanceled',
]
  .join(' ')
  .split(' ')

/**
 * The twin's own control, for processes other than the one it runs in:
 * `POST /_twin/faults` one fault, or `{"lagMs":…,"latencyMs":…,"requestsPerSecond":…,"omit":[…]}`; `GET` those waiting;
 * `DELETE` none any more; `POST /_twin/steps` `{"step":"pay","arguments":[…]}`; `GET /_twin/events` all of them.
 */
export function control({ world, faults }: ApiOptions, method: string, url: URL, text: string): Answer {
  const route = `${method} ${url.pathname}`
  if (route === 'GET /_twin/faults') return json(200, { waiting: faults.waiting(), lagMs: faults.lagMs })
  if (route === 'DELETE /_twin/faults') {
    faults.clear()
    return json(200, {})
  }
  if (route === 'GET /_twin/events') return json(200, { data: world.events() })
  if (route === 'POST /_twin/faults') {
    const { omit, lagMs, latencyMs, requestsPerSecond, ...fault } = JSON.parse(text) as Fields & {
      omit?: string[]
    }
    if (typeof lagMs === 'number') faults.lagMs = lagMs
    if (typeof latencyMs === 'number') faults.latencyMs = latencyMs
    if (typeof requestsPerSecond === 'number') faults.requestsPerSecond = requestsPerSecond
    for (const id of omit ?? []) faults.omitted.add(id)
    if (typeof fault.kind === 'string') faults.add(fault as unknown as Fault)
    return json(201, { waiting: faults.waiting() })
  }
  if (route === 'POST /_twin/steps') return step(world, text)
  return json(404, { message: `the twin has no ${route}` })
}

function step(world: World, text: string): Answer {
  const asked = JSON.parse(text) as { step?: string; arguments?: unknown[] }
  if (asked.step === undefined || !steps.includes(asked.step))
    return json(400, { message: `no step ${asked.step}`, steps })
  const take = world[asked.step as keyof World] as (...given: unknown[]) => unknown
  try {
    return json(200, { result: take.apply(world, asked.arguments ?? []) })
  } catch (error) {
    return json(400, { message: error instanceof Error ? error.message : String(error) })
  }
}

function json(status: number, body: Fields): Answer {
  return { status, body: JSON.stringify(body), headers: {} }
}
