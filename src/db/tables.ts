/**
 * What every table is to the person whose rows it holds, and to whoever keeps or moves the database. A new table has to answer
 * each question here; test/security/tables.test.ts walks over the answers and sees whether they are true.
 */
import type { Tables } from './schema.ts'

/** How a row tells whose it is: by the number of the account, or by its `id` in the API. */
interface Owner<T> {
  column: keyof T & string
  is: 'number' | 'uid'
}

interface TableFacts<T> {
  /** the columns by which its rows are told apart */
  key: readonly (keyof T & string)[]
  /** columns that are encrypted under a key derived from `JWT_KEY` (src/tokens/seal.ts) */
  sealed: readonly (keyof T & string)[]
  /** whose a row is; null where none is a person's, or cannot be found by the person */
  owner: Owner<T> | null
  /** the member of `PersonalData` that shows a person's rows; null where there are none */
  exported: string | null
  /** what happens to a person's rows when the account is deleted: they go, or these columns are emptied */
  erased: 'row' | readonly (keyof T & string)[] | null
  /** whether `latchkey export` takes what is in it along, and `latchkey import` brings it in */
  moved: boolean
  /** whether `latchkey db copy` copies its rows; `prefilled` where the migrations have put some into the target */
  copied: true | 'prefilled'
  /** the time after which rows go by themselves, with what is written later; null where they stay as long as their owner, or for ever */
  swept: (keyof T & string) | null
}

const NOBODYS = { sealed: [], owner: null, exported: null, erased: null, moved: false, copied: true } as const

/** Every table. Rows and columns are integers and text. */
export const TABLE_FACTS = {
  users: {
    key: ['id'],
    sealed: [],
    owner: { column: 'id', is: 'number' },
    exported: 'account',
    erased: 'row',
    moved: true,
    copied: true,
    swept: null,
  },
  passwords: {
    key: ['user_id'],
    sealed: [],
    owner: { column: 'user_id', is: 'number' },
    exported: 'password',
    erased: 'row',
    moved: true,
    copied: true,
    swept: null,
  },
  roles: { ...NOBODYS, key: ['name'], copied: 'prefilled', swept: null },
  user_roles: {
    key: ['user_id', 'role'],
    sealed: [],
    owner: { column: 'user_id', is: 'number' },
    exported: 'account',
    erased: 'row',
    moved: true,
    copied: true,
    swept: null,
  },
  sessions: {
    key: ['id'],
    sealed: [],
    owner: { column: 'user_id', is: 'number' },
    exported: 'sessions',
    erased: 'row',
    moved: false,
    copied: true,
    swept: 'expires_at',
  },
  signing_keys: { ...NOBODYS, key: ['kid'], sealed: ['sealed'], swept: 'activates_at' },
  // a counter is named by what was tried, which may be nobody's name
  ephemeral: { ...NOBODYS, key: ['key'], swept: 'expires_at' },
  messages: { ...NOBODYS, key: ['id'], swept: 'expires_at' },
  heartbeats: { ...NOBODYS, key: ['node'], swept: 'expires_at' },
  audit_events: {
    key: ['id'],
    sealed: [],
    owner: { column: 'subject', is: 'uid' },
    exported: 'events',
    erased: ['ip', 'user_agent', 'salt'],
    moved: false,
    copied: true,
    swept: 'at',
  },
  audit_checkpoints: { ...NOBODYS, key: ['id'], swept: 'at' },
  audit_keys: { ...NOBODYS, key: ['id'], sealed: ['sealed'], swept: 'retired_at' },
  outbox: {
    key: ['id'],
    sealed: ['data'],
    owner: { column: 'uid', is: 'uid' },
    exported: 'messages',
    erased: 'row',
    moved: false,
    copied: true,
    swept: 'created_at',
  },
  // it counts what addresses are sent, whoever has them, and outlives the account for the hour that it counts
  mail_ledger: { ...NOBODYS, key: ['id'], swept: 'expires_at' },
  proofs: {
    key: ['digest'],
    sealed: [],
    owner: { column: 'user_id', is: 'number' },
    exported: 'proofs',
    erased: 'row',
    moved: false,
    copied: true,
    swept: 'expires_at',
  },
  known_devices: {
    key: ['user_id', 'digest'],
    sealed: [],
    owner: { column: 'user_id', is: 'number' },
    exported: 'devices',
    erased: 'row',
    moved: false,
    copied: true,
    swept: 'expires_at',
  },
  // nobody has looked yet whose address that is
  mail_requests: { ...NOBODYS, key: ['id'], swept: 'created_at' },
  sign_in_codes: { ...NOBODYS, key: ['address'], swept: 'expires_at' },
  requested_codes: { ...NOBODYS, key: ['request'], swept: 'expires_at' },
  upgrades: { ...NOBODYS, key: ['version'], copied: 'prefilled', swept: null },
} as const satisfies { [T in keyof Tables]: TableFacts<Tables[T]> }

/** The names of the tables. */
export const TABLES = Object.keys(TABLE_FACTS) as readonly (keyof Tables)[]
