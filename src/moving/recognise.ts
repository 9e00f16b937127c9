/** Finding out what a file is, or holding it against what somebody says it is. */
import { readCsv, readHeader } from './containers/csv.ts'
import { readJsonList } from './containers/json-list.ts'
import { readJsonLines, splitLines } from './containers/lines.ts'
import type { Row } from './containers/row.ts'
import { readHead, type Source, Unreadable } from './containers/source.ts'
import { listTables, readTable, SQLITE_MAGIC } from './containers/sqlite.ts'
import type { Container, System } from './system.ts'
import { SYSTEMS } from './systems.ts'

/** A file that was understood. */
export interface Recognised {
  system: System
  /** in words */
  description: string
  rows: AsyncIterable<Row>
}

/** What kind of file it is, in words. */
const KINDS: Readonly<Record<Container, string>> = {
  sqlite: 'an SQLite database',
  csv: 'CSV',
  'json-lines': 'JSON lines',
  'json-list': 'a JSON document',
}

/** How much of a file is looked at to tell its kind, in bytes. */
const HEAD = 64 * 1024

/**
 * Recognises a file by what is in it.
 * @param from the name of a system, or `auto` for whichever it is
 * @throws Unreadable when it is none of them, or not the one that is named
 */
export async function recognise(source: Source, from: string): Promise<Recognised> {
  if (source.size === 0) throw new Unreadable(`${source.path} is empty`)
  const container = containerOf(readHead(source.path, HEAD))
  const systems = SYSTEMS.filter(({ name }) => from === 'auto' || name === from)
  if (container === 'sqlite') return recogniseDatabase(source, systems, from)
  const { columns, rows } = await sample(source, container)
  const system = systems.find(
    ({ containers, recognises }) => containers.includes(container) && recognises((name) => columns.has(name)),
  )
  if (!system) throw new Unreadable(unrecognised(source, KINDS[container], from, [...columns]))
  return { system, description: `${system.title}, ${KINDS[container]}`, rows }
}

async function recogniseDatabase(source: Source, systems: readonly System[], from: string): Promise<Recognised> {
  const tables = await listTables(source)
  for (const table of TABLES) {
    const columns = tables.get(table)
    const system = systems.find(
      ({ containers, recognises }) =>
        containers.includes('sqlite') && columns && recognises((name) => columns.has(name)),
    )
    if (system) {
      const description = `${system.title}, ${KINDS.sqlite}, table ${table}`
      return { system, description, rows: readTable(source, table) }
    }
  }
  throw new Unreadable(unrecognised(source, KINDS.sqlite, from, [...tables.keys()]))
}

/** What the reference systems and their like call the table of their users. */
const TABLES = ['user', 'users', 'User', 'Users']

/** At most so many names are shown of what was found in place of what was looked for. */
const MAX_NAMES = 12

function unrecognised({ path }: Source, kind: string, from: string, found: readonly string[]): string {
  const names = found.slice(0, MAX_NAMES).map((name) => name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?'))
  const seen = `it is ${kind} with ${names.length > 0 ? names.join(', ') : 'nothing in it'}`
  return from === 'auto'
    ? `${path} is not recognised (${seen}); docs/moving-in.md says what can be read`
    : `${path} does not come from ${from} (${seen})`
}

function containerOf(head: Buffer): Container {
  if (head.subarray(0, SQLITE_MAGIC.length).equals(SQLITE_MAGIC)) return 'sqlite'
  const text = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (text.startsWith('[')) return 'json-list'
  if (!text.startsWith('{')) return 'csv'
  return isJsonLine(text.split('\n', 1)[0] ?? '') ? 'json-lines' : 'json-list'
}

/** Whether a line is an object of its own, rather than the beginning of one, or a whole document on one line. */
function isJsonLine(line: string): boolean {
  try {
    const value = JSON.parse(line) as { users?: unknown }
    return !Array.isArray(value.users)
  } catch {
    // a line that is broken, or longer than what was looked at, can be told by where the next one begins
    return /^\{.*[}\]"\d]\s*$/.test(line) && !/"users"\s*:\s*\[/.test(line)
  }
}

/** So many rows are looked at to learn what members they have: exports leave out what a user lacks. */
const SAMPLE = 100

/** The members of the first rows, and the rows from the start. */
async function sample(source: Source, container: Exclude<Container, 'sqlite'>) {
  if (container === 'csv') {
    for await (const header of splitLines({ ...source })) {
      return { columns: new Set<string>(readHeader(source, header).columns), rows: readCsv(source) }
    }
  }
  const read = container === 'json-lines' ? readJsonLines : readJsonList
  const columns = new Set<string>()
  let count = 0
  try {
    for await (const { members = {} } of read({ ...source })) {
      for (const name of Object.keys(members)) columns.add(name)
      count += 1
      if (count === SAMPLE) break
    }
  } catch (error) {
    // a document that breaks off later on is told by what came before
    if (columns.size === 0) throw error
  }
  return { columns, rows: read(source) }
}
