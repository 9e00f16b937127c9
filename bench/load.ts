/** Load over HTTP: as many requests as come back, each connection sending its next one after the answer. */
import autocannon from 'autocannon'

export interface Request {
  url: string
  method?: 'GET' | 'POST'
  headers?: Readonly<Record<string, string>>
  body?: string
}

/**
 * Requests answered per second.
 * @throws when a single one was not answered 2xx: refusals are cheap, and would look like speed
 */
export async function load(
  { method = 'GET', headers = {}, ...request }: Request,
  connections: number,
  seconds: number,
) {
  const result = await autocannon({ ...request, method, headers, connections, duration: seconds })
  const answered = result['2xx']
  const failed = result.non2xx + result.errors + result.timeouts
  if (answered === 0 || failed > 0) {
    const statuses = JSON.stringify(result.statusCodeStats)
    throw new Error(`${request.url}: of the answers ${answered} were 2xx and ${failed} were not: ${statuses}`)
  }
  return answered / result.duration
}
