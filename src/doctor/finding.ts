/** What an examination finds. */

/** One thing that was looked at. A `fault` keeps the service from working; a `warning` is worth a thought. */
export interface Finding {
  about: 'configuration' | 'hashes' | 'database' | 'migrations' | 'keys' | 'clock' | 'redis'
  state: 'ok' | 'warning' | 'fault'
  /** one sentence, without a full stop */
  text: string
  /** what was measured or read, for programs */
  facts?: Readonly<Record<string, string | number>>
}

/** Says that something is as it should be. */
export const fine = (about: Finding['about'], text: string, facts?: Finding['facts']): Finding => ({
  about,
  state: 'ok',
  text,
  ...(facts && { facts }),
})

export const warning = (about: Finding['about'], text: string): Finding => ({ about, state: 'warning', text })
export const fault = (about: Finding['about'], text: string): Finding => ({ about, state: 'fault', text })
