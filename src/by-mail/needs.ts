import type { Deps } from '../deps.ts'

/** What it takes to send what proves something, and to tell of it. */
export type Needs = Pick<Deps, 'audit' | 'config' | 'keys' | 'mailer' | 'now'>

/** The same for what changes an account that other nodes remember. */
export type ChangeNeeds = Needs & Pick<Deps, 'states'>
