import { eventRoutes } from './events.ts'
import { historyRoutes } from './history.ts'
import { orderRoutes } from './orders.ts'
import type { Route } from './route.ts'
import { statusRoutes } from './status.ts'

/** Every operation of the admin API. */
export const routes: readonly Route[] = [...orderRoutes, ...historyRoutes, ...eventRoutes, ...statusRoutes]
