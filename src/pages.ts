/** Lists in keyset pages: what is added or removed meanwhile neither repeats nor hides a row. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import { Failure } from './errors.ts'

const CURSOR = 'AZjBon0-e0qcVQ8vbB2eIQ'

/**
 * The members of a query that asks for a page.
 * @param most how many items it holds at the most
 * @param byDefault how many where the query does not say
 */
export const pageQuery = (most: number, byDefault: number) => ({
  limit: Type.Integer({
    minimum: 1,
    maximum: most,
    default: byDefault,
    description: 'the most items of a page',
    example: 20,
  }),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: '`next_cursor` of the page before', example: CURSOR }),
  ),
})

/** Where the next page begins, in an answer. */
export const NextCursor = Type.Optional(
  Type.String({ description: 'for the next page; absent on the last', example: CURSOR }),
)

/**
 * The page that was asked for.
 * @param rows one more than it holds, where there are more
 */
export function pageOf<Row extends { id: string }, T>(rows: readonly Row[], limit: number, show: (row: Row) => T) {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items: items.map(show), ...(rows.length > limit && last && { next_cursor: writeCursor(last.id) }) }
}

/** The cursor behind a row, by its UUID. */
export const writeCursor = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')

/**
 * The UUID of the row that a page begins behind.
 * @throws Failure validation_failed for a cursor that is none
 */
export function readCursor(cursor: string): string {
  const hex = Buffer.from(cursor, 'base64url').toString('hex')
  const [, ...parts] = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(hex) ?? []
  if (parts.length > 0) return parts.join('-')
  throw new Failure('validation_failed', {
    errors: [{ location: 'query', pointer: '/cursor', message: 'must come from next_cursor' }],
  })
}

/** So many rows are read at once where all are read: a few milliseconds of work. */
export const STEP = 200

/** Some items of all, and what the next ones come after; absent from the last step. */
export interface Step<T> {
  items: T[]
  after?: string
}

/** All items, a step at a time: when it is asked for, and never without letting others have a turn. */
export async function* readInSteps<T>(read: (after: string | undefined) => Promise<Step<T>>): AsyncGenerator<T[]> {
  for (let after: string | undefined; ; ) {
    const step = await read(after)
    if (step.items.length > 0) yield step.items
    after = step.after
    if (after === undefined) return
    await nextTurn()
  }
}
