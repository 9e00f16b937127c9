/** The classes that calls fall into, and how many of each a caller may make. */
import { milliseconds } from '../operation/values.ts'
import { BUDGET_NAMES, BUDGETS, type Budget, type Limit } from './budgets.ts'

interface CallClass extends Limit {
  /** who is counted: an address, as networkOf() groups them; or an account, where one is signed in */
  by: 'address' | 'account'
  /** whether all nodes count together; it costs a write of the store, and is for calls that cost far more */
  shared: boolean
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/**
 * Every class. The limits are far above what people do and far below what a machine can: what needs a finer measure,
 * such as tries of one account's password, has one of its own.
 */
export const CLASSES = {
  /** documents, keys, and URLs that are not there */
  public: { most: 600, window: MINUTE, by: 'address', shared: false },
  /** the questions of container engines and load balancers */
  health: { most: 1200, window: MINUTE, by: 'address', shared: false },
  /** a guarded call whose token is refused, whatever it asks for */
  refused: { most: 300, window: MINUTE, by: 'address', shared: false },
  /** what people ask about themselves */
  read: { most: 1200, window: MINUTE, by: 'account', shared: false },
  /** what a gateway asks for them, with each call that it forwards */
  gateway: { most: 12_000, window: MINUTE, by: 'account', shared: false },
  /** what they change */
  write: { most: 120, window: MINUTE, by: 'account', shared: false },
  /** all that is held about somebody, or all events, in one answer */
  export: { most: 30, window: HOUR, by: 'account', shared: true },
  /** what administrators ask and change */
  admin: { most: 600, window: MINUTE, by: 'account', shared: false },
  /** renewing tokens and giving them up */
  refresh: { most: 600, window: MINUTE, by: 'address', shared: false },
  /** the strength of a password that is being made up */
  strength: { most: 120, window: MINUTE, by: 'address', shared: false },
  /** passwords shown */
  login: { most: 60, window: MINUTE, by: 'address', shared: true },
  /** codes and tokens out of messages */
  code: { most: 60, window: HOUR, by: 'address', shared: true },
  /** accounts made */
  register: { most: 60, window: HOUR, by: 'address', shared: true },
  /** calls that send a message to somebody */
  mail: { most: 30, window: HOUR, by: 'address', shared: true },
} as const satisfies Record<string, CallClass>

export type LimitClass = keyof typeof CLASSES
export const LIMIT_CLASSES = Object.keys(CLASSES) as readonly LimitClass[]
/** Of calls and of messages. */
export type Limits = Readonly<Record<LimitClass | Budget, Limit>>

const USUAL = { ...CLASSES, ...BUDGETS }
const NAMES = [...LIMIT_CLASSES, ...BUDGET_NAMES] as const

const isLimit = (name: string): name is LimitClass | Budget => Object.hasOwn(USUAL, name)

/**
 * The limits of all classes and budgets, where a list changes some of them.
 * @param list `login=30/1m,read=6000/1m`
 * @throws when it is no such list
 */
export function limitsOf(list = ''): Limits {
  const changed = list
    .split(',')
    .filter((entry) => entry.trim() !== '')
    .map((entry) => {
      const [, name = '', most = '', window = ''] =
        /^\s*(\w+)=(\d{1,9})\/(\d{1,9}(?:ms|s|m|h|d)?)\s*$/.exec(entry) ?? []
      if (!isLimit(name)) throw new Error(`must list limits such as login=30/1m; the classes are ${NAMES.join(', ')}`)
      const limit = { most: Number(most), window: milliseconds(window) }
      if (limit.most < 1 || limit.window < 1000) throw new Error('must allow at least 1 call in at least 1s')
      return [name, limit] as const
    })
  const usual = NAMES.map((name) => [name, { most: USUAL[name].most, window: USUAL[name].window }])
  return { ...Object.fromEntries(usual), ...Object.fromEntries(changed) }
}
