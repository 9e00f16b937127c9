/** What the service noticed while it sealed: it marks that and goes on, so here it is read again. */
import type { AuditEventRow } from '../db/schema.ts'
import type { Fault } from './erasures.ts'
import { readGap } from './gap.ts'

/** As they are judged in the end: what an operator has acknowledged is only counted. */
export interface Judged {
  findings: readonly Fault[]
  acknowledged: number
}

export interface Findings {
  /** of an event that is authentic, in the order of the chain */
  see(event: AuditEventRow): void
  judge(): Judged
}

/** Collects what was marked, and up to which number an operator has acknowledged that. */
export function trackFindings(): Findings {
  const found: (Fault & { seq: number })[] = []
  let acknowledged = 0
  return {
    see(event) {
      if (event.action === 'audit.acknowledge' && event.mark !== 'foreign')
        acknowledged = Math.max(acknowledged, upToOf(event))
      const text = describeMark(event)
      if (text !== undefined && event.seq !== null) found.push({ row: event.id, text, seq: event.seq })
    },
    judge() {
      const open = found.filter(({ seq }) => seq > acknowledged)
      return {
        findings: open.map(({ row, text }) => ({ row, text })),
        acknowledged: found.length - open.length,
      }
    },
  }
}

function upToOf({ details }: AuditEventRow): number {
  return Number((JSON.parse(details ?? '{}') as { up_to?: number }).up_to ?? 0)
}

function describeMark(event: AuditEventRow): string | undefined {
  if (event.mark === 'foreign') return 'was altered or inserted by somebody else before it got its number'
  if (event.mark === 'late')
    return 'got its number long after it was written: it had lost an earlier one, or was put back'
  if (event.action !== 'audit.gap') return undefined
  const { first, last } = readGap(event)
  return `tells of a gap: events ${first} to ${last} had been sealed, and were gone from their places`
}
