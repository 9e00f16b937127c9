/** User names that people would take for another one (Unicode Technical Standard 39, "Unicode Security Mechanisms"). */
import { createRequire } from 'node:module'
import { setTimeout as after } from 'node:timers/promises'
import type { Db } from '../db/open.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { Failure } from '../errors.ts'
import { foldIdentifier } from './identifiers.ts'

const require = createRequire(import.meta.url)

/** A stranger with such a name could speak for the service; the names themselves are the operator's to give. */
const RESERVED = ['admin', 'administrator', 'help', 'latchkey', 'moderator', 'root', 'security', 'support', 'system']

/** What these look like, made at first use. */
let reserved: readonly (readonly [name: string, skeleton: string])[] | undefined

/** Scripts in which people write names (Unicode Standard Annex 31, table 5). */
const SCRIPTS = (
  'Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew Hiragana ' +
  'Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan'
).split(' ')

/** Scripts that are written together: "Highly Restrictive" of section 5.2. */
const TOGETHER = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
]

const classOf = (names: readonly string[]) => names.map((script) => `\\p{Script_Extensions=${script}}`).join('')
const onlyOf = (names: readonly string[]) => new RegExp(`^[${classOf(names)}\\p{scx=Zyyy}\\p{scx=Zinh}]*$`, 'u')

const ASCII = /^\p{ASCII}*$/u

/** What tells scripts apart: made for the first name beyond ASCII, since making it at every start would take some ms. */
let scripts: { any: RegExp; together: readonly RegExp[] } | undefined

function makeScripts() {
  return {
    any: new RegExp(`[${classOf(SCRIPTS)}]`, 'u'),
    together: [...SCRIPTS.map((script) => [script]), ...TOGETHER].map(onlyOf),
  }
}

/** Whether letters of a name are of scripts that nobody writes together, such as Latin and Cyrillic. */
export function isMixed(name: string): boolean {
  if (ASCII.test(name)) return false
  scripts ??= makeScripts()
  return scripts.any.test(name) && !scripts.together.some((fits) => fits.test(name))
}

/**
 * What a name looks like: two names with one skeleton can be taken for each other (section 4). Without case, as names are
 * compared.
 */
export function skeletonOf(name: string): string {
  // at first use: most processes never write a name
  const unhomoglyph = require('unhomoglyph') as (text: string) => string
  return unhomoglyph(foldIdentifier(name).normalize('NFD')).normalize('NFD').toLowerCase()
}

/**
 * Refuses a name that mixes scripts, or that looks like somebody else's where one of the two is not ASCII, or like one that is
 * reserved. Between names of ASCII people see the difference between l and 1, or have learnt to look.
 * It is written by now, in the caller's transaction.
 * @throws Failure username_taken
 */
export async function refuseLookAlike(tx: Tx, name: string): Promise<void> {
  const key = foldIdentifier(name)
  const skeleton = skeletonOf(name)
  reserved ??= RESERVED.map((word) => [word, skeletonOf(word)] as const)
  const isImitation = reserved.some(([word, looks]) => word !== key && looks === skeleton)
  if (isMixed(name) || isImitation) throw new Failure('username_taken')
  const alike = await tx
    .selectFrom('users')
    .select('username_key')
    .where('username_skeleton', '=', skeleton)
    // the same name is this account's own: it is the matter of a constraint that nobody else has it
    .where('username_key', '<>', key)
    .execute()
  if (alike.some(({ username_key }) => !ASCII.test(username_key ?? '') || !ASCII.test(key)))
    throw new Failure('username_taken')
}

/** So many accounts are looked at in one step, with a pause of so many ms in which others have the database. */
const STEP = 200
const PAUSE = 10

/**
 * Notes what the names of accounts look like that an older version wrote, or gave another name and left what the one of
 * before looked like. Any number of nodes may do so at once.
 * @param of `all` accounts, or those where nothing is noted; the latter is enough where no older version runs any more
 * @param signal ends it after the step that it is at; another process does the rest
 */
export async function fillSkeletons(db: Db, of: 'all' | 'missing', signal?: AbortSignal): Promise<void> {
  for (let last: number | undefined = 0; !signal?.aborted; ) {
    last = await fillSome(db, of, last)
    if (last === undefined) return
    await after(PAUSE, undefined, { signal }).catch(() => {})
  }
}

/** At most one transaction, which waits for the disk once. @returns the last account that was looked at; undefined at the end */
async function fillSome(db: Db, of: 'all' | 'missing', last: number): Promise<number | undefined> {
  const rows = await db
    .selectFrom('users')
    .select(['id', 'username', 'username_skeleton'])
    .where('id', '>', last)
    .where('username', 'is not', null)
    .$if(of === 'missing', (query) => query.where('username_skeleton', 'is', null))
    .orderBy('id')
    .limit(STEP)
    .execute()
  const wrong = rows
    .map(({ username, ...row }) => ({ ...row, username: username ?? '', skeleton: skeletonOf(username ?? '') }))
    .filter(({ skeleton, username_skeleton }) => skeleton !== username_skeleton)
  if (wrong.length > 0) await inTransaction(db, (tx) => setSkeletons(tx, wrong))
  return rows.at(-1)?.id
}

async function setSkeletons(
  tx: Tx,
  wrong: readonly { id: number; username: string; skeleton: string }[],
): Promise<void> {
  for (const { id, username, skeleton } of wrong)
    await tx
      .updateTable('users')
      .set({ username_skeleton: skeleton })
      .where('id', '=', id)
      // a name that is given meanwhile comes with its own
      .where('username', '=', username)
      .execute()
}
