/** How many messages leave, to whom and for whom. They are listed in `RATE_LIMITS` as the classes of calls are. */

/** So many calls or messages in a window of so many ms. */
export interface Limit {
  most: number
  window: number
}

const HOUR = 3_600_000

/** Every budget. docs/proofs-by-mail.md says why these numbers. */
export const BUDGETS = {
  /** to an address that nobody has proved, whoever asked and for whatever */
  mail_unproved: { most: 8, window: HOUR },
  /** to a proved address, for what anybody may ask for */
  mail_strangers: { most: 15, window: HOUR },
  /** to an address, for what somebody asks for who is signed in or on a known device; its own account's are counted apart */
  mail_members: { most: 10, window: HOUR },
  /** notices to an address; one kind has no more than a quarter of them */
  mail_notices: { most: 12, window: HOUR },
  /** addresses that one account has written to */
  mail_recipients: { most: 30, window: HOUR },
  /** what strangers ask for, of the service as a whole */
  mail_service: { most: 1000, window: HOUR },
} as const satisfies Record<string, Limit>

export type Budget = keyof typeof BUDGETS
export const BUDGET_NAMES = Object.keys(BUDGETS) as readonly Budget[]
