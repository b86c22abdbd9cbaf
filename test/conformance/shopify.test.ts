import { subject } from '../providers/shopify/subject.ts'
import { conformance } from './suite.ts'

conformance(subject)
