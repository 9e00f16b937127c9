/**
 * The users in one JSON document: the document is a list, or an object with a list `users`. The list's elements are
 * cut out at their brackets and parsed one by one, so that memory does not grow with the document, and an element that
 * is no JSON spoils no other.
 */
import { MAX_ROW, type Row, toJsonRow, toRowText } from './row.ts'
import { readChunks, type Source, Unreadable } from './source.ts'

const MEMBER = 'users'
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = new Set([0x7b, 0x5b])
const CLOSE = new Set([0x7d, 0x5d])
const LIST = 0x5b

/** The bytes of one element, collected over several chunks; too many are counted and not kept. */
interface Element {
  parts: Buffer[]
  length: number
}

/**
 * The elements of the list.
 * @throws Unreadable when the document has no such list, or ends within it
 */
export async function* readJsonList(source: Source): AsyncGenerator<Row> {
  const cutter = createCutter()
  let line = 0
  for await (const chunk of readChunks(source)) {
    for (const { parts, length } of cutter.cut(chunk)) {
      const text = toRowText(line + 1, length > MAX_ROW ? undefined : Buffer.concat(parts))
      if (text.text?.trim() === '') continue
      line += 1
      yield toJsonRow(text)
    }
  }
  if (!cutter.found()) throw new Unreadable(`${source.path} has no list of users`)
  if (!cutter.complete())
    throw new Unreadable(`${source.path} breaks off within user ${line + 1}: it is cut short, or not valid JSON there`)
}

/** Follows a document byte by byte; only strings and brackets matter to where an element ends. */
function createCutter() {
  let depth = 0
  let inString = false
  let escaped = false
  let word = ''
  let key = ''
  /** the depth within the list; 0 before it, Infinity after it */
  let listDepth = 0
  let element: Element = { parts: [], length: 0 }

  function collect(part: Buffer) {
    element.length += part.length
    // a copy, so that a few bytes do not keep the whole chunk
    if (element.length > MAX_ROW) element.parts = []
    else element.parts.push(Buffer.from(part))
  }
  const isInList = () => listDepth > 0 && listDepth !== Number.POSITIVE_INFINITY
  const beginsList = (byte: number) =>
    listDepth === 0 && byte === LIST && (depth === 1 || (depth === 2 && key === MEMBER))

  function followString(byte: number) {
    if (escaped) escaped = false
    else if (byte === BACKSLASH) escaped = true
    else if (byte === QUOTE) {
      inString = false
      if (depth === 1) key = word
    }
    // only the name of the one member is of interest
    if (inString && listDepth === 0 && word.length <= MEMBER.length) word += String.fromCharCode(byte)
  }

  /** Takes one byte in, and says what it means to the list. */
  function follow(byte: number): 'begins' | 'separates' | 'ends' | undefined {
    if (inString) followString(byte)
    else if (byte === QUOTE) {
      inString = true
      word = ''
    } else if (OPEN.has(byte)) {
      depth += 1
      if (!beginsList(byte)) return undefined
      listDepth = depth
      return 'begins'
    } else if (CLOSE.has(byte)) {
      depth -= 1
      if (depth !== listDepth - 1) return undefined
      listDepth = Number.POSITIVE_INFINITY
      return 'ends'
    } else if (byte === COMMA && depth === listDepth) return 'separates'
    return undefined
  }

  function* cut(chunk: Buffer): Generator<Element> {
    let start = isInList() ? 0 : -1
    for (let at = 0; at < chunk.length; at += 1) {
      const event = follow(chunk[at] as number)
      if (event === undefined) continue
      if (event !== 'begins') {
        collect(chunk.subarray(start, at))
        yield element
        element = { parts: [], length: 0 }
      }
      start = event === 'ends' ? -1 : at + 1
    }
    if (start !== -1) collect(chunk.subarray(start))
  }

  return { cut, found: () => listDepth !== 0, complete: () => listDepth === Number.POSITIVE_INFINITY }
}
