/** `npm run postman`: writes the Postman collection out of the contract. */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import type { Document } from '../../plugins/openapi-document.ts'
import { buildCollection } from './collection.ts'

const CONTRACT = new URL('../../openapi.yaml', import.meta.url)

export const COLLECTION = new URL('../../docs/latchkey.postman_collection.json', import.meta.url)

/** The contract as it stands in its file. */
export function readContract(): Document {
  return parse(readFileSync(CONTRACT, 'utf8')) as Document
}

/** The file as it has to be. */
export async function collectionFile(): Promise<string> {
  return `${JSON.stringify(await buildCollection(readContract()), null, 2)}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(COLLECTION, await collectionFile())
