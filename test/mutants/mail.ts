/** Who pays for mail, whom it reaches, and in which order it leaves. */
import type { Mutant } from './mutant.ts'

const FLOOD = ['test/attacks/mail-flood.test.ts']
const QUEUE = ['test/attacks/mail-queue.test.ts']

export const MAIL: readonly Mutant[] = [
  {
    mistake: 'no message has to be paid for',
    file: 'src/mail/ledger.ts',
    from: "if (deps.config.rate_limit === 'off') return undefined\n  const address",
    to: 'if (deps.config !== undefined) return undefined\n  const address',
    tests: FLOOD,
  },
  {
    mistake: 'an address counts as proved that nobody has proved',
    file: 'src/accounts/mailbox.ts',
    from: 'if (email === null || email_verified_at === null) return undefined',
    to: 'if (email === null || email_verified_at === undefined) return undefined',
    tests: FLOOD,
  },
  {
    mistake: 'an owner on a known device pays out of the purse of strangers',
    file: 'src/by-mail/grants.ts',
    from: 'account?.uid === owner ? owner : undefined',
    to: 'account?.uid === owner ? undefined : undefined',
    tests: FLOOD,
  },
  {
    mistake: 'other accounts use up what an account may ask for to its own address',
    file: 'src/mail/ledger.ts',
    from: 'isOwn(charge) ? [',
    to: 'isOwn(charge) && deps === undefined ? [',
    tests: FLOOD,
  },
  {
    mistake: 'messages leave in the order in which they came',
    file: 'src/mail/outbox.ts',
    from: "      .orderBy('turn')",
    to: "      .orderBy('id')",
    tests: QUEUE,
  },
  {
    mistake: 'a message waits for no other to the same address',
    file: 'src/mail/outbox.ts',
    from: 'due_at + ahead * STEP',
    to: 'due_at + ahead * 0 * STEP',
    tests: QUEUE,
  },
  {
    mistake: 'a server that refuses the sender is said to refuse the message for good',
    file: 'src/mail/refusal.ts',
    from: '/^(RCPT|DATA)/',
    to: '/^(MAIL|RCPT|DATA)/',
    tests: ['test/mail/outbox.test.ts', ...QUEUE],
  },
]
