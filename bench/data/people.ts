/** People who do not exist, the same ones in every run. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

/** A row as either side of the import bench stores it; names in no order, as people choose them. */
export function person(index: number) {
  const seed = Math.imul(index + 1, 2_654_435_761) >>> 0
  const name = `${seed.toString(36)}.${index.toString(36)}`
  return {
    number: index + 1,
    username: name,
    email: `${name}@example.org`,
    name: `Person ${index}`,
    created_at: new Date(1_600_000_000_000 + 1000 * index).toISOString(),
    password_hash: `$2b$12$${seed.toString(36).padStart(53, 'abcdefghijklmnopqrstu')}`,
  }
}

/** Writes people as JSON lines. */
export async function writePeople(path: string, count: number): Promise<void> {
  const file = createWriteStream(path)
  for (let index = 0; index < count; index += 1) {
    if (!file.write(`${JSON.stringify(person(index))}\n`)) await once(file, 'drain')
  }
  file.end()
  await finished(file)
}
