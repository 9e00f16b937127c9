/** openapi-to-postmanv2, as far as it is used here. */
import { createRequire } from 'node:module'
import type { Document } from '../../plugins/openapi-document.ts'
import { installTools } from '../install.ts'

/** The folder of the tools. */
export const TOOLS = `${import.meta.dirname}/tools`

export interface Parameter {
  key: string
  value: string
  disabled?: boolean
  description?: { content: string }
}

export interface Request {
  name: string
  method: string
  url: { path: string[]; host: string[]; query: Parameter[]; variable: Parameter[] }
  body?: { mode: string; raw: string }
  auth?: object | null
}

export interface Event {
  listen: 'prerequest' | 'test'
  script: { id: string; type: string; exec: string[] }
}

export interface Item {
  id: string
  name: string
  event: Event[]
  request: Request
  response: { id: string; code: number; originalRequest: Request; body: string }[]
}

export interface Folder {
  id: string
  name: string
  item: Item[]
}

export interface Collection {
  info: { _postman_id: string; name: string }
  item: Folder[]
  event: Event[]
  variable: { key: string; value: string }[]
}

type Conversion = { result: true; output: [{ data: Collection }] } | { result: false; reason: string }

interface Converter {
  convertV2(
    input: { type: 'json'; data: Document },
    options: Record<string, unknown>,
    done: (error: Error | null, conversion: Conversion) => void,
  ): void
}

/** Requests with the examples of the contract, a folder for each tag; installs the generator first, if need be. */
export async function convert(document: Document): Promise<Collection> {
  await installTools(TOOLS)
  const { convertV2 } = createRequire(`${TOOLS}/package.json`)('openapi-to-postmanv2') as Converter
  // the generator writes into what it is given
  const data = structuredClone(document)
  return new Promise((resolve, reject) => {
    convertV2({ type: 'json', data }, { folderStrategy: 'Tags', parametersResolution: 'Example' }, (error, done) => {
      if (error) reject(error)
      else if (!done.result) reject(new Error(`openapi-to-postmanv2: ${done.reason}`))
      else resolve(done.output[0].data)
    })
  })
}
