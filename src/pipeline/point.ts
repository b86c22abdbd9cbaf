import { channel } from 'node:diagnostics_channel'

const points = channel('ordersync:point')

/**
 * A labelled place where the fault harness may stop, delay or kill the process. Publishes only when somebody
 * subscribed, which nothing below src/ does.
 */
export function point(label: string): void {
  if (points.hasSubscribers) points.publish(label)
}
