import { subject } from '../providers/stripe/subject.ts'
import { conformance } from './suite.ts'

conformance(subject)
