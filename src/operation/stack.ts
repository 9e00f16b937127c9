/** Errors in the log. */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import pino from 'pino'

/** A place in a file that was built, as it stands in a stack trace. */
const BUILT = /(file:\/\/[^\s()]+\.mjs):(\d+):(\d+)/g

const maps = new Map<string, SourceMap | undefined>()

/** An error as the log shows it: as pino does, with the places in the sources where the service was built. */
export function describeError(error: Error): pino.SerializedError {
  const shown = pino.stdSerializers.err(error)
  if (typeof shown?.stack === 'string') shown.stack = nameSources(shown.stack)
  return shown
}

/**
 * A stack trace with the places in the sources. Node could do that itself, with `--enable-source-maps`, but reads every
 * map at the start, which takes a quarter as long again.
 */
function nameSources(stack: string): string {
  return stack.replace(BUILT, (place, file: string, line: string, column: string) => {
    const origin = mapOf(file)?.findOrigin(Number(line), Number(column))
    if (!origin || !('fileName' in origin)) return place
    return `${new URL(origin.fileName, file)}:${origin.lineNumber}:${origin.columnNumber}`
  })
}

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, readMap(new URL(`${file}.map`)))
  return maps.get(file)
}

function readMap(url: URL): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(url, 'utf8')))
  } catch {
    return undefined
  }
}
