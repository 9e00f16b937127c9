/** What rules know of mail: whether there is any, and how what waits to be sent is kept from readers of the database. */
import { createHmac } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Budget } from '../throttling/budgets.ts'
import { type Keys, seal, unsealAny } from '../tokens/seal.ts'

export interface Mailer {
  /** Makes what a message says unreadable without `JWT_KEY`. */
  seal(plain: string, context: string): string
  /** @throws when it was sealed under another `JWT_KEY`, or for something else */
  unseal(sealed: string, context: string): string
  /** What an address is called where only its messages are counted: nobody without `JWT_KEY` can tell whose it is. */
  nameOf(address: string): string
  /** Says that a budget kept a message from being sent as it is. */
  withheld(budget: Budget): void
  /** Says that a message was committed. */
  wake(): void
}

/** Whether messages go anywhere: over SMTP, or into a folder outside production. Without, features that need mail are off. */
export function isMailOn({ config }: { config: Pick<Config, 'node_env' | 'smtp'> }): boolean {
  return config.smtp !== undefined || config.node_env !== 'production'
}

/**
 * The sealing half of a mailer.
 * @param keys those of the purpose `mail`
 */
export function createSealer(keys: Keys<Buffer>): Pick<Mailer, 'nameOf' | 'seal' | 'unseal'> {
  const names = createHmac('sha256', keys[0]).update('latchkey/mail-ledger').digest()
  return {
    nameOf: (address) => createHmac('sha256', names).update(address).digest('base64url'),
    seal: (plain, context) => seal(keys[0], plain, context),
    unseal: (sealed, context) => unsealAny(keys, sealed, context),
  }
}
