const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long what a message brings is good for, in ms. */
export const LIFETIMES = {
  code: 10 * MINUTE,
  'sign-in': 15 * MINUTE,
  'password-reset': HOUR,
  'email-verify': 3 * DAY,
  registration: 3 * DAY,
  'email-change': DAY,
  'email-change-undo': 7 * DAY,
  invitation: 7 * DAY,
} as const
