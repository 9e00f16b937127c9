/** Errors in the log. */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { pathToFileURL } from 'node:url'
import pino from 'pino'

/** A place in a file that was built, as it stands in a stack trace. */
const BUILT = /(file:\/\/[^\s()]+\.mjs):(\d+):(\d+)/g

/** Where what was started lies, and with it all that was built. */
const FOLDER = new URL('./', pathToFileURL(process.argv[1] ?? '')).href

const maps = new Map<string, SourceMap>()

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

/** The map of a file of the build; a message may hold what only looks like one. */
function mapOf(file: string): SourceMap | undefined {
  if (!file.startsWith(FOLDER)) return undefined
  const map = maps.get(file) ?? readMap(new URL(`${file}.map`))
  if (map) maps.set(file, map)
  return map
}

function readMap(url: URL): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(url, 'utf8')))
  } catch {
    return undefined
  }
}
