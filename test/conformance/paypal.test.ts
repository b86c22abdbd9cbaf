import { subject } from '../providers/paypal/subject.ts'
import { conformance } from './suite.ts'

conformance(subject)
