import { auditRoutes } from './audit.ts'
import { connectionRoutes } from './connections.ts'
import { deliveryRoutes } from './deliveries.ts'
import { effectRoutes } from './effects.ts'
import { erasureRoutes } from './erasures.ts'
import { eventRoutes } from './events.ts'
import { historyRoutes } from './history.ts'
import { inventoryRoutes } from './inventory.ts'
import { keyRoutes } from './keys.ts'
import { ledgerRoutes } from './ledger.ts'
import { orderActRoutes } from './order-acts.ts'
import { orderRoutes } from './orders.ts'
import { payoutRoutes } from './payouts.ts'
import { periodRoutes } from './periods.ts'
import { replayRoutes } from './replay.ts'
import type { Route } from './route.ts'
import { runRoutes } from './runs.ts'
import { statusRoutes } from './status.ts'

/** Every operation of the admin API. */
export const routes: readonly Route[] = [
  ...orderRoutes,
  ...historyRoutes,
  ...effectRoutes,
  ...ledgerRoutes,
  ...periodRoutes,
  ...orderActRoutes,
  ...eventRoutes,
  ...replayRoutes,
  ...runRoutes,
  ...inventoryRoutes,
  ...payoutRoutes,
  ...connectionRoutes,
  ...deliveryRoutes,
  ...statusRoutes,
  ...auditRoutes,
  ...keyRoutes,
  ...erasureRoutes,
]
