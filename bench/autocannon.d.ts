/** The part of autocannon that the bench uses; the package brings no types. */
declare module 'autocannon' {
  interface Options {
    url: string
    method: 'GET' | 'POST'
    headers: Readonly<Record<string, string>>
    body?: string
    connections: number
    /** in s */
    duration: number
  }

  interface Result {
    '2xx': number
    non2xx: number
    errors: number
    timeouts: number
    /** by status */
    statusCodeStats: Readonly<Record<string, { count: number }>>
    /** as it really was, in s */
    duration: number
  }

  export default function autocannon(options: Options): Promise<Result>
}
