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

/**
 * Nodes whose clocks differ, and events that were being written while their account was deleted, leave what was erased a
 * little behind the deletion, in ms.
 */
const BEHIND = 60_000

/** What was personal may be gone only from events of accounts that are gone: the log must tell of their deletion. */
export function trackErasures(): Erasures {
  const open = new Map<string, { id: string; uids: readonly (string | null)[] }>()
  const deleted = new Map<string | null, number>()
  return {
    see({ id, at, action, outcome, subject, actor, personal, salt }) {
      const uids = [subject, actor]
      const isExplained = uids.some((uid) => at <= (deleted.get(uid) ?? Number.NEGATIVE_INFINITY) + BEHIND)
      if (personal !== null && salt === null && !isExplained) {
        const key = JSON.stringify(uids)
        if (!open.has(key)) open.set(key, { id, uids })
      }
      if (action !== 'account.delete' || outcome !== 'success' || subject === null) return
      deleted.set(subject, at)
      for (const [key, { uids }] of open) if (uids.includes(subject)) open.delete(key)
    },
    find() {
      const [first] = open.values()
      return first && { row: first.id, text: 'lost its address and agent, and no deletion of an account explains it' }
    },
  }
}
