import { stripe } from '../../../src/providers/stripe/index.ts'
import { vectorsHold } from '../../conformance/vectors.ts'
import { settings } from './subject.ts'

vectorsHold(stripe, settings)
