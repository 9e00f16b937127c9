/** What the parent and its workers tell one another. */

/** One worker's part of a scrape; without metrics where it did not answer in time. */
export interface Report {
  worker: number
  /** in Prometheus's text format */
  metrics?: string
}

/** What a worker that is ready knows, and its parent wants to tell. */
export interface Readiness {
  port: number
  /** where what is short-lived is kept, in words */
  store: string
}

export type FromWorker =
  | { say: 'ready'; readiness: Readiness }
  /** it cannot start; one line a fault */
  | { say: 'failed'; lines: readonly string[] }
  /** it takes no more connections */
  | { say: 'closed' }
  /** it was asked for the metrics of all */
  | { say: 'gather'; id: number }
  | { say: 'report'; id: number; metrics: string }

export type FromParent =
  | { do: 'stop' }
  /** take no more connections, and end when the last one has */
  | { do: 'retire' }
  /** every connection that was on its way to you has arrived or was given to another */
  | { do: 'leave' }
  | { do: 'report'; id: number }
  /** the answer to `gather` */
  | { do: 'show'; id: number; reports: Report[] }
