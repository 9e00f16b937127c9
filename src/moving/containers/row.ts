/** What every kind of file comes down to: one row for each user, or what is wrong with it. */

/** One user as the file has it. */
export interface Row {
  /** the line of a text, the place in a list, the position in a table; counted from 1 */
  line: number
  /** absent when the row cannot be read */
  members?: Readonly<Record<string, unknown>>
  /** why it cannot be read */
  fault?: string
}

/** One row as text that has not been understood yet. */
export interface RowText {
  line: number
  text?: string
  fault?: string
}

/** More than any user takes; what is longer is not kept in memory. In bytes. */
export const MAX_ROW = 1024 * 1024

/** Deeper than any user goes; what compares or prints values may run out of stack on the way down. */
const MAX_DEPTH = 64

const TOO_LONG = 'is longer than 1 MiB'
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text out of bytes; `undefined` bytes are those that were too many to keep. */
export function toRowText(line: number, bytes: Buffer | undefined): RowText {
  if (!bytes) return { line, fault: TOO_LONG }
  try {
    return { line, text: utf8.decode(bytes) }
  } catch {
    return { line, fault: 'is not UTF-8' }
  }
}

/** The object that a row of JSON holds. */
export function toJsonRow({ line, text, fault }: RowText): Row {
  if (text === undefined) return { line, fault: fault ?? 'is empty' }
  try {
    const members: unknown = JSON.parse(text)
    if (typeof members !== 'object' || members === null || Array.isArray(members))
      return { line, fault: 'is not a JSON object' }
    if (isDeeper(members, MAX_DEPTH)) return { line, fault: 'is nested too deeply' }
    return { line, members: members as Record<string, unknown> }
  } catch {
    // the parser's own message would show what stands there
    return { line, fault: 'is not valid JSON' }
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1))
}
