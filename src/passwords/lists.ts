/** The lists that new passwords are held against: filters in files, read when they are first needed. */
import type { Config } from '../config.ts'
import type { Counts } from '../counts.ts'
import type { Log } from '../deps.ts'
import { readFilter, readFilterSync, UnusableFilter } from './filter/file.ts'
import { type FuseFilter, includes } from './filter/fuse.ts'
import { isInRange } from './range-api.ts'
import { foldPassword } from './spelling.ts'

/** What brings the release: how they are made is in scripts/passwords.ts. */
export const OWN_LISTS = {
  /** passwords that were found in breaches */
  breached: new URL('lists/breached.fuse', import.meta.url),
  /** the words that the most frequent ones are made of */
  common: new URL('lists/common.fuse', import.meta.url),
}

export interface PasswordLists {
  /** Whether the word is one that many passwords are made of; folded, and without decoration. */
  isCommon(word: string): Promise<boolean>
  /** Whether the password was found in a breach: by the file alone. */
  isListed(password: string): Promise<boolean>
  /** The same, by the service that is asked where the configuration names one, and by the file when it cannot say. */
  isBreached(password: string): Promise<boolean>
}

type Needs = {
  config: Pick<Config, 'password_filter' | 'password_breach_api' | 'password_breach_timeout'>
  counts: Pick<Counts, 'breach_api'>
  log: Log
}

/**
 * Opens the lists. A file of the operator's is read now, so that one that cannot be used is told at the start; our own
 * when the first password is set.
 * @throws Error naming the file and what is wrong with it
 */
export function openPasswordLists({ config, counts, log }: Needs): PasswordLists {
  const given = config.password_filter === undefined ? undefined : openGiven(config.password_filter)
  const breached = given ? async () => given : once(() => readFilter(OWN_LISTS.breached))
  const common = once(() => readFilter(OWN_LISTS.common))
  const isListed = async (password: string) => includes(await breached(), foldPassword(password))
  const { password_breach_api: api, password_breach_timeout: timeout } = config

  return {
    isCommon: async (word) => includes(await common(), word),
    isListed,
    async isBreached(password) {
      if (api === undefined) return isListed(password)
      try {
        const found = await isInRange(api, password, timeout)
        counts.breach_api.answered += 1
        return found
      } catch (error) {
        counts.breach_api.failed += 1
        log.warn({ error: (error as Error).message }, 'the breach API did not answer; the filter is asked in its place')
        return isListed(password)
      }
    },
  }
}

function openGiven(path: string): FuseFilter {
  try {
    return readFilterSync(path)
  } catch (cause) {
    const why = cause instanceof UnusableFilter ? cause.message : `cannot be read: ${(cause as Error).message}`
    throw new Error(`PASSWORD_FILTER: ${path} ${why}`, { cause })
  }
}

/** Does the work when it is first wanted; again, if it failed. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined
  return () => {
    done ??= work().catch((error) => {
      done = undefined
      throw error
    })
    return done
  }
}
