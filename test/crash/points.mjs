// Preload for the crash test: ends the process at the n-th hit of one labelled point. The plan comes on descriptor 3, so
// that nothing in the product has to know of it.
import { subscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'

const plan = JSON.parse(readFileSync(3, 'utf8'))
let hits = 0
subscribe('ordersync:point', (label) => {
  if (label !== plan.label) return
  hits += 1
  if (hits === plan.hit) process.kill(process.pid, 'SIGKILL')
})
