/** What ends what: the one table that the test walks and docs/security.md shows. */

/** One-time tokens that an account can have been sent, in the words of the document. */
export const TOKENS = ['verify', 'change', 'undo', 'reset', 'link', 'code', 'end', 'unlock'] as const
export type Token = (typeof TOKENS)[number]

type Fate = 'ends' | 'goes on'

export interface Endings {
  this_session: Fate
  other_sessions: Fate
  /** whatever becomes of their sessions */
  access_tokens: 'with their sessions' | 'end'
  refresh_tokens: 'with their sessions' | 'end'
  /** those that are void afterwards */
  void_tokens: readonly Token[]
  /** which devices the account does not know any more */
  forgotten_devices: 'none' | 'others' | 'all'
}

const WITH_SESSIONS = { access_tokens: 'with their sessions', refresh_tokens: 'with their sessions' } as const
const NONE = { void_tokens: [], forgotten_devices: 'none' } as const
const ALL_END = { this_session: 'ends', other_sessions: 'ends' } as const
const ALL_GO_ON = { this_session: 'goes on', other_sessions: 'goes on' } as const
const BUT_UNDO: readonly Token[] = ['verify', 'change', 'reset', 'link', 'code', 'unlock']

/** The rows, by what happens; of what cannot happen there is nothing to tell. */
export const ENDINGS = {
  'password changed by its owner': {
    this_session: 'goes on',
    other_sessions: 'ends',
    ...WITH_SESSIONS,
    void_tokens: ['change', 'reset', 'link', 'code'],
    forgotten_devices: 'others',
  },
  'password set by an admin': {
    ...ALL_END,
    ...WITH_SESSIONS,
    void_tokens: ['change', 'reset', 'link', 'code'],
    forgotten_devices: 'all',
  },
  'password reset by a link': { ...ALL_END, ...WITH_SESSIONS, void_tokens: BUT_UNDO, forgotten_devices: 'all' },
  'address proved by who did not register': {
    ...ALL_END,
    ...WITH_SESSIONS,
    void_tokens: [...BUT_UNDO, 'undo'],
    forgotten_devices: 'all',
  },
  'address changed': { ...ALL_GO_ON, ...WITH_SESSIONS, void_tokens: BUT_UNDO, forgotten_devices: 'none' },
  'change of address taken back': {
    ...ALL_END,
    ...WITH_SESSIONS,
    void_tokens: [...BUT_UNDO, 'undo'],
    forgotten_devices: 'all',
  },
  'roles changed': { ...ALL_GO_ON, ...WITH_SESSIONS, ...NONE },
  'account disabled': {
    ...ALL_END,
    ...WITH_SESSIONS,
    void_tokens: [...BUT_UNDO, 'undo'],
    forgotten_devices: 'none',
  },
  'account deleted': { ...ALL_END, ...WITH_SESSIONS, void_tokens: TOKENS, forgotten_devices: 'all' },
  logout: { this_session: 'ends', other_sessions: 'goes on', ...WITH_SESSIONS, ...NONE },
  'logout everywhere': { ...ALL_END, ...WITH_SESSIONS, void_tokens: ['change'], forgotten_devices: 'none' },
  'logged out by an admin': { ...ALL_END, ...WITH_SESSIONS, void_tokens: ['change'], forgotten_devices: 'none' },
  'one session too many, this one the idlest': {
    this_session: 'ends',
    other_sessions: 'goes on',
    ...WITH_SESSIONS,
    ...NONE,
  },
  'stolen refresh token': { this_session: 'ends', other_sessions: 'goes on', ...WITH_SESSIONS, ...NONE },
  'signing keys revoked': {
    ...ALL_GO_ON,
    access_tokens: 'end',
    refresh_tokens: 'with their sessions',
    ...NONE,
  },
  'second factors reset': undefined,
} as const satisfies Record<string, Endings | undefined>

export type Act = keyof typeof ENDINGS

const HEAD = [
  '',
  'This session',
  'Other sessions',
  'Access tokens',
  'Refresh tokens',
  'One-time tokens',
  'Known devices',
]

/** The table as the document shows it. */
export function endingsTable(): string {
  const rows = Object.entries<Endings | undefined>(ENDINGS).map(([act, endings]) => [act, ...cellsOf(endings)])
  return [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function cellsOf(endings: Endings | undefined): string[] {
  if (!endings) return ['there are none yet', '', '', '', '', '']
  const { this_session, other_sessions, access_tokens, refresh_tokens, void_tokens, forgotten_devices } = endings
  const devices = { none: 'stay known', others: 'the others are strangers', all: 'are strangers' }[forgotten_devices]
  return [this_session, other_sessions, access_tokens, refresh_tokens, wordTokens(void_tokens), devices]
}

function wordTokens(ended: readonly Token[]): string {
  const left = TOKENS.filter((token) => !ended.includes(token))
  const list = (tokens: readonly Token[]) => tokens.map((token) => `\`${token}\``).join(', ')
  if (ended.length === 0) return 'stay good'
  if (left.length === 0) return 'are void'
  return left.length < ended.length
    ? `are void but ${list(left)}`
    : `${list(TOKENS.filter((t) => !left.includes(t)))} are void`
}
