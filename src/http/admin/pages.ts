import express from 'express'
import type { System } from '../../pipeline/system.ts'

export function createPageRouter(_system: System): express.Router {
  return express.Router()
}
