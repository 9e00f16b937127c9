import { type Account, findByIdForChange } from '../accounts/account.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { type Proof, type Purpose, redeemProof } from '../proofs/proof.ts'

/** Whose token was used, and what must still be so. */
export interface Redeemed {
  /** enabled, and changed by nobody else before the transaction ends */
  account: Account
  bound: Proof['bound']
  /** when the token was made, epoch ms */
  created_at: number
  /** the digest of the request token that whoever registered was given; null for what no registration has sent */
  request: string | null
}

/**
 * Uses up a token that an account was sent.
 * @returns undefined for a token that is none, or whose account is disabled
 */
export async function redeemOfAccount(
  tx: Tx,
  deps: Pick<Deps, 'now'>,
  purpose: Purpose,
  token: string,
): Promise<Redeemed | undefined> {
  const proof = await redeemProof(tx, deps, purpose, token)
  if (!proof || proof.user_id === null) return undefined
  const account = await findByIdForChange(tx, proof.user_id)
  if (!account || account.disabled_at !== null) return undefined
  const { user_id: _, ...proved } = proof
  return { account, ...proved }
}
