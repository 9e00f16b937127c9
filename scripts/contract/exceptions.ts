/** What may break clients of the last release all the same. A release empties the list. */
import type { Break } from './compare-schemas.ts'

export interface Allowed extends Break {
  /** why it was worth it; the changelog says it to whom it concerns */
  why: string
}

export const ALLOWED: readonly Allowed[] = []
