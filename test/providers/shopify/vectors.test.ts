import { shopify } from '../../../src/providers/shopify/index.ts'
import { vectorsHold } from '../../conformance/vectors.ts'
import { settings } from './subject.ts'

vectorsHold(shopify, settings)
