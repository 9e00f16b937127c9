/**
 * CSV (RFC 4180) with a header. Where a record ends is found here, so that a quote that is never closed costs its own
 * line and not the rest of the file; what is in a record is csv-parse's matter.
 */
import { CsvError, parse } from 'csv-parse/sync'
import { splitLines } from './lines.ts'
import { MAX_ROW, type Row, type RowText } from './row.ts'
import { type Source, Unreadable } from './source.ts'

/** How many lines one record may have; after so many, a quote that is still open is a mistake. */
const MAX_LINES = 100

const SEPARATORS = [',', ';', '\t', '|'] as const

interface Layout {
  columns: readonly string[]
  separator: string
}

/**
 * The columns that the header names, and what separates them.
 * @throws Unreadable when there is no header, or two columns of one name
 */
export function readHeader(source: Source, { text = '', fault }: RowText): Layout {
  if (fault) throw new Unreadable(`${source.path}: the first line ${fault}`)
  const bare = text.replace(/"[^"]*"/g, '')
  const count = (separator: string) => bare.split(separator).length
  const separator = SEPARATORS.reduce((best, other) => (count(other) > count(best) ? other : best))
  const columns = (parseRecord(text, separator) ?? []).map((name) => name.trim())
  if (columns.length === 0) throw new Unreadable(`${source.path} has no header`)
  if (new Set(columns).size < columns.length) throw new Unreadable(`${source.path} has two columns of one name`)
  return { columns, separator }
}

/** The records after the header; empty cells are absent members. */
export async function* readCsv(source: Source): AsyncGenerator<Row> {
  let layout: Layout | undefined
  for await (const record of joinLines(splitLines(source), () => layout?.separator ?? ',')) {
    if (!layout) layout = readHeader(source, record)
    else if (record.text !== '') yield toRow(record, layout)
  }
}

function toRow({ line, text, fault }: RowText, { columns, separator }: Layout): Row {
  if (text === undefined) return { line, fault: fault ?? 'is empty' }
  const cells = parseRecord(text, separator)
  if (!cells) return { line, fault: 'has a quote that is out of place' }
  if (cells.length !== columns.length)
    return { line, fault: `has ${cells.length} columns where the header has ${columns.length}` }
  return {
    line,
    members: Object.fromEntries(cells.flatMap((cell, at) => (isGiven(cell) ? [[columns[at], cell]] : []))),
  }
}

/** MySQL writes `\N` where there is nothing. */
const isGiven = (cell: string) => cell !== '' && cell !== '\\N'

/** Lines, or several where a quoted cell goes on in the next. */
async function* joinLines(lines: AsyncIterable<RowText>, separator: () => string): AsyncGenerator<RowText> {
  let open: RowText[] = []
  for await (const line of lines) {
    open.push(line)
    for (let next = closeRecord(open, separator()); next; next = closeRecord(open, separator())) {
      yield next.record
      open = open.slice(next.lines)
    }
  }
  // the end of the file closes nothing: the first line is at fault, and the others may be whole
  while (open.length > 0) {
    const next = closeRecord(open, separator()) ?? giveUp(open)
    yield next.record
    open = open.slice(next.lines)
  }
}

interface Closed {
  record: RowText
  /** how many lines it took */
  lines: number
}

/** The record that the lines begin with, or undefined while it may go on. */
function closeRecord(lines: readonly RowText[], separator: string): Closed | undefined {
  const [first] = lines
  if (!first) return undefined
  let text = ''
  for (const [index, { text: more }] of lines.entries()) {
    if (more === undefined) return index === 0 ? { record: first, lines: 1 } : giveUp(lines)
    text += index === 0 ? more : `\n${more}`
    if (!isBalanced(text)) continue
    if (index === 0 || parseRecord(text, separator)) return { record: { line: first.line, text }, lines: index + 1 }
    return giveUp(lines)
  }
  return lines.length > MAX_LINES || text.length > MAX_ROW ? giveUp(lines) : undefined
}

function giveUp([first]: readonly RowText[]): Closed {
  return { record: { line: first?.line ?? 0, fault: 'has a quote that is never closed' }, lines: 1 }
}

function isBalanced(text: string): boolean {
  let quotes = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes += 1
  return quotes % 2 === 0
}

/** The cells of one record, or undefined when its quotes are out of place. */
function parseRecord(text: string, separator: string): string[] | undefined {
  if (!text.includes('"')) return text.split(separator)
  try {
    return parse(text, { delimiter: separator, relax_column_count: true, record_delimiter: '\u0000' })[0] ?? []
  } catch (error) {
    if (error instanceof CsvError) return undefined
    throw error
  }
}
