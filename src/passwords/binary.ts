/** Which binary hashes: the package's own, or one that `npm run tune` built for this kind of machine. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** The folder that a build for this machine is put in; `npm ci` removes it with the package. */
export const TUNED = join(dirname(require.resolve('argon2/package.json')), 'tuned')

/** What a build says of itself, in `tuned.json` beside it. */
export interface Build {
  platform: string
  arch: string
  /** what the compiler was told to build for */
  march: string
  /** the instruction sets that it may use, as /proc/cpuinfo calls them */
  needs: readonly string[]
}

/** `prebuilt`: as the package brings it. `tuned`: by `npm run tune`. `built`: on this machine by npm, for any processor. */
export type BinaryKind = 'prebuilt' | 'tuned' | 'built'

/** The instruction sets of this machine's processor; none where the system does not say. */
export function instructionSets(): ReadonlySet<string> {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? ''
    return new Set(line.trim().split(/\s+/))
  } catch {
    return new Set()
  }
}

/**
 * The build in a folder, if there is one and this machine can run it. An image may have been built on a newer machine
 * than it runs on, and one unknown instruction would end the process.
 * @param host the instruction sets to go by
 */
export function findTuned(folder = TUNED, host = instructionSets()): Build | undefined {
  try {
    const build = JSON.parse(readFileSync(join(folder, 'tuned.json'), 'utf8')) as Build
    const fits = build.platform === process.platform && build.arch === process.arch
    return fits && build.needs.every((need) => host.has(need)) ? build : undefined
  } catch {
    return undefined
  }
}

/** The binary that this process has loaded. */
export function loadedBinary(): { kind: BinaryKind; path: string; march: string | undefined } {
  const path = Object.keys(require.cache).find((name) => /[\\/]argon2[\\/].*\.node$/.test(name)) ?? ''
  const build = findTuned(join(dirname(path), '../..'))
  if (build) return { kind: 'tuned', path, march: build.march }
  return { kind: /[\\/]prebuilds[\\/]/.test(path) ? 'prebuilt' : 'built', path, march: undefined }
}

/** The binary in words. */
export function describeBinary({ kind, march }: ReturnType<typeof loadedBinary>): string {
  if (kind === 'tuned') return `built for this machine (${march})`
  return kind === 'built' ? 'built on this machine by npm' : 'prebuilt, for any processor'
}
