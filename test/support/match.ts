/** `t.match` for what has lists in it: by itself it takes a list that is longer than its pattern. */
import type { Test } from 'tap'

/** Whether something is as `t.match` wants it, and each list in it as long as the one in the pattern. */
export function matchLists(t: Test, found: unknown, pattern: unknown, message = 'it'): void {
  t.match(found, pattern, message)
  t.strictSame(lengthsOf(found, pattern), lengthsOf(pattern, pattern), `${message}: as long as the pattern`)
}

/** How long a value is, by path, wherever the pattern has a list; undefined where the value has none. */
function lengthsOf(value: unknown, pattern: unknown, path = ''): Record<string, number | undefined> {
  const own = Array.isArray(pattern) ? { [path]: Array.isArray(value) ? value.length : undefined } : {}
  if (!Array.isArray(pattern) && !isPlain(pattern)) return own
  const members = Object.entries(pattern).map(([name, each]) =>
    lengthsOf((value as Record<string, unknown> | null | undefined)?.[name], each, `${path}/${name}`),
  )
  return Object.assign(own, ...members)
}

/** Not a regular expression, nor a constructor. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
