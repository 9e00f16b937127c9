/** Text in lines, of which none is kept in memory that is too long to be a user's. */
import { MAX_ROW, type Row, type RowText, toJsonRow, toRowText } from './row.ts'
import { readChunks, type Source } from './source.ts'

const LF = 0x0a
const CR = 0x0d

/** The lines of a text, each with its number; `\n` and `\r\n` end them. */
export async function* splitLines(source: Source): AsyncGenerator<RowText> {
  let line = 1
  let parts: Buffer[] = []
  let length = 0
  const add = (part: Buffer) => {
    length += part.length
    if (length > MAX_ROW) parts = []
    else parts.push(part)
  }
  const take = () => {
    const text = toRowText(line, length > MAX_ROW ? undefined : withoutReturn(joined(parts)))
    line += 1
    parts = []
    length = 0
    return text
  }
  for await (const chunk of readChunks(source)) {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      add(chunk.subarray(start, end))
      yield take()
      start = end + 1
    }
    // a copy, so that a few bytes do not keep the whole chunk
    if (start < chunk.length) add(Buffer.from(chunk.subarray(start)))
  }
  if (length > 0) yield take()
}

function joined(parts: Buffer[]): Buffer {
  const [first] = parts
  return parts.length === 1 && first ? first : Buffer.concat(parts)
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line
}

/** JSON lines: one object a line; empty lines are nobody. */
export async function* readJsonLines(source: Source): AsyncGenerator<Row> {
  for await (const text of splitLines(source)) if (text.text?.trim() !== '') yield toJsonRow(text)
}
