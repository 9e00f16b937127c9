import type { AuditEventRow } from '../db/schema.ts'

/** Something that is wrong with the log. */
export interface Fault {
  /** the row; of one that is missing, the next one there is, if any */
  row: string | undefined
  /** what is wrong with it, as the rest of a sentence */
  text: string
}

export interface Erasures {
  see(event: AuditEventRow): void
  /** The first event whose address was erased although nobody whom it is about was deleted after it. */
  find(): Fault | undefined
}

/** What was personal may be gone only from events of accounts that are gone: their deletion must come later in the log. */
export function trackErasures(): Erasures {
  const open = new Map<string, { id: string; uids: readonly (string | null)[] }>()
  return {
    see({ id, action, outcome, subject, actor, personal, salt }) {
      if (personal !== null && salt === null) {
        const key = JSON.stringify([subject, actor])
        if (!open.has(key)) open.set(key, { id, uids: [subject, actor] })
      }
      if (action !== 'account.delete' || outcome !== 'success' || subject === null) return
      for (const [key, { uids }] of open) if (uids.includes(subject)) open.delete(key)
    },
    find() {
      const [first] = open.values()
      return first && { row: first.id, text: 'lost its address and agent, and no deletion of an account explains it' }
    },
  }
}
