/** `npm run postman`: writes the Postman collection out of both contracts. */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { readContract } from '../contract/read.ts'
import { buildCollection } from './collection.ts'

export const COLLECTION = new URL('../../docs/latchkey.postman_collection.json', import.meta.url)

/** The file as it has to be. */
export async function collectionFile(): Promise<string> {
  return `${JSON.stringify(await buildCollection(readContract('main'), readContract('compat')), null, 2)}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(COLLECTION, await collectionFile())
