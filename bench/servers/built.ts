/** The service as `npm run build` makes it. */
import { join } from 'node:path'
import { build } from '../../scripts/build.ts'
import { CACHE } from '../data/places.ts'

/** Among the bench's own files, where packages are found and a build of the operator's is left alone. */
const FOLDER = join(CACHE, 'built')

let made: Promise<void> | undefined

/**
 * Builds the service, once in a run.
 * @returns the path of what Node runs
 */
export async function builtServer(): Promise<string> {
  made ??= build(FOLDER)
  await made
  return join(FOLDER, 'server.mjs')
}
