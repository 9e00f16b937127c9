/** A stand-in for the range API of Have I Been Pwned: the tests reach no network, and need what it does not do. */
import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

type Mood = 'well' | 'failing' | 'silent' | 'babbling'

export interface RangeApi {
  url: string
  /** what was asked for */
  asked: { path: string; padding: string | undefined }[]
  /** how it answers from now on */
  be(mood: Mood): void
}

/**
 * Starts one that knows these passwords, each with a line of padding beside it.
 * @param padded passwords that stand in lines of padding: found 0 times
 */
export async function startRangeApi(
  t: Test,
  known: readonly string[],
  padded: readonly string[] = [],
): Promise<RangeApi> {
  const digestOf = (password: string) => hash('sha1', password, 'hex').toUpperCase()
  const lines = [
    ...known.map((password) => `${digestOf(password)}:3`),
    ...padded.map((password) => `${digestOf(password)}:0`),
  ]
  const asked: RangeApi['asked'] = []
  let mood: Mood = 'well'
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ path: url, padding: headers['add-padding'] as string | undefined })
    if (mood === 'silent') return
    if (mood === 'failing') response.statusCode = 503
    const prefix = url.split('/').at(-1) ?? ''
    const found = lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(5))
    const padding = `${'0'.repeat(35)}:0`
    response.end(mood === 'babbling' ? '<html>' : [...found, padding].join('\r\n'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/range/`,
    asked,
    be(next) {
      mood = next
    },
  }
}
