/** Reading the members of a row as what they should be, and remembering which were read. */
import type { Row } from './containers/row.ts'

/** A row that says something impossible; the message is a reason for the report, without the value. */
export class Unfit extends Error {
  override name = 'Unfit'
}

/** The members of one row. Absent, null and undefined are the same. */
export interface Members {
  /** whatever stands there */
  get(name: string): unknown
  /** @throws Unfit when it is no text */
  text(name: string): string | undefined
  /** @throws Unfit when it is neither yes nor no */
  flag(name: string): boolean | undefined
  /** a whole number. @throws Unfit when it is none */
  integer(name: string): number | undefined
  /** in epoch ms; text without a zone is UTC. @throws Unfit when it is no time */
  time(name: string): number | undefined
  /** the names that nobody has asked for and that hold something */
  unread(): string[]
}

const YES: ReadonlySet<unknown> = new Set([true, 1, '1', 'true', 't'])
const NO: ReadonlySet<unknown> = new Set([false, 0, '0', 'false', 'f'])

/** The members of a row, to be read by name. */
export function membersOf(members: NonNullable<Row['members']>): Members {
  const read = new Set<string>()
  const get = (name: string): unknown => {
    read.add(name)
    return Object.hasOwn(members, name) ? (members[name] ?? undefined) : undefined
  }
  return {
    get,
    text(name) {
      const value = get(name)
      if (value === undefined || typeof value === 'string') return value
      throw new Unfit(`${name} must be text`)
    },
    flag(name) {
      const value = get(name)
      if (value === undefined) return undefined
      if (YES.has(value)) return true
      if (NO.has(value)) return false
      throw new Unfit(`${name} must be true or false`)
    },
    integer(name) {
      const value = get(name)
      if (value === undefined) return undefined
      const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
      if (Number.isSafeInteger(number)) return number as number
      throw new Unfit(`${name} must be a whole number`)
    },
    time(name) {
      const value = get(name)
      if (value === undefined) return undefined
      const time = toTime(value)
      if (time !== undefined) return time
      throw new Unfit(`${name} must be a time`)
    },
    unread: () => Object.keys(members).filter((name) => !read.has(name) && (members[name] ?? '') !== ''),
  }
}

const WRITTEN =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:[.,](\d{1,9}))?)? ?(?:(Z|UTC)|([+-]\d\d)(?::?(\d\d))?)?$/i

/** The last moment that RFC 3339 can write, in epoch ms. */
const END_OF_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Epoch ms out of what systems write: RFC 3339, SQL's timestamps, epoch ms as a number or in digits. */
function toTime(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const time = typeof value === 'string' && !/^\d+$/.test(value) ? readWritten(value) : Number(value)
  return Number.isSafeInteger(time) && time >= 0 && time <= END_OF_TIME ? time : undefined
}

function readWritten(text: string): number {
  const [matched, date, minutes = '00:00', seconds = ':00', fraction = '', utc, hours, rest = '00'] =
    WRITTEN.exec(text) ?? []
  if (matched === undefined) return Number.NaN
  const zone = utc || hours === undefined ? 'Z' : `${hours}:${rest}`
  return Date.parse(`${date}T${minutes}${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`)
}
