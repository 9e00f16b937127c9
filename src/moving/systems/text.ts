import type { Members } from '../members.ts'

/** A hash that Python wrote into a text column as bytes, or as text. @throws Unfit when it is neither */
export function textOf(row: Members, name: string): string | undefined {
  const value = row.get(name)
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : row.text(name)
}
