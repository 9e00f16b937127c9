/** The argon2 package's native part, compiled for this processor into a folder of its own. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** What the package's own binding.gyp asks for. */
const SOURCES = ['argon2.c', 'blake2/blake2b.c', 'core.c', 'encoding.c', 'thread.c', 'opt.c']
const DEFINES = [
  '-DNDEBUG',
  '-DNAPI_VERSION=8',
  '-DNODE_ADDON_API_DISABLE_DEPRECATED',
  '-DNODE_API_NO_EXTERNAL_BUFFERS_ALLOWED',
]

/** `-march=native` is what the row is about. */
const FLAGS = ['-O3', '-march=native', '-fPIC', '-pthread', ...DEFINES]

/**
 * Compiles it.
 * @returns what is missing for that, if something is
 */
export function rebuildArgon2(folder: string): string | undefined {
  const headers = nodeHeaders()
  if (!headers) return 'Node’s headers are missing'
  if (!hasCompiler()) return 'there is no C++ compiler'
  const built = join(folder, 'build/Release')
  mkdirSync(built, { recursive: true })
  const from = join(dirname(require.resolve('argon2/package.json')), 'argon2')
  const compile = (command: string, ...args: string[]) =>
    execFileSync(command, [...FLAGS, `-I${from}/include`, ...args], {
      cwd: built,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  compile('cc', '-c', ...SOURCES.map((source) => `${from}/src/${source}`))
  const addonApi = dirname(require.resolve('node-addon-api/package.json'))
  const objects = SOURCES.map((source) => basename(source).replace(/c$/, 'o'))
  const cpp = ['-std=c++17', '-fexceptions', `-I${headers}`, `-I${addonApi}`, '-shared', join(from, '../argon2.cpp')]
  compile('c++', ...cpp, ...objects, '-o', 'argon2.node')
  return undefined
}

/** They come with Node: beside it, or with the npm package that brought it. */
function nodeHeaders(): string | undefined {
  const beside = join(dirname(process.execPath), '..')
  const folders = [join(beside, 'include/node'), ...globSync(join(beside, 'node_modules/node-*/include/node'))]
  return folders.find((folder) => existsSync(join(folder, 'node_api.h')))
}

function hasCompiler(): boolean {
  try {
    execFileSync('c++', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
