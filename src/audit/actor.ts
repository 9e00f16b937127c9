/** Who does something, and from where. */

/** Where a request comes from. */
export interface Origin {
  ip: string | undefined
  user_agent: string | undefined
  /** the id of the request, as the log has it */
  request_id?: string
  /** the token of a device that somebody has signed in from before, as it was sent */
  device?: string | undefined
  /** the digest of the request token that whoever asks for a message is about to be given */
  request?: string | undefined
  /** the answer to a challenge, as it was sent */
  proof_of_work?: string | undefined
  /** aborted when the client has gone before it was answered */
  signal?: AbortSignal
}

/** Whoever causes an event. */
export interface Actor {
  /** the account's uid; undefined for who is not signed in, and for the two below */
  uid?: string | undefined
  /** the session that asks */
  session_id?: string | undefined
  origin: Origin
}

/** What nobody's request causes: time, retries, rotation. */
export const SYSTEM: Actor = { uid: 'system', origin: { ip: undefined, user_agent: undefined } }

/** Whoever has the command line. */
export const OPERATOR: Actor = { uid: 'operator', origin: { ip: undefined, user_agent: undefined } }
