/** Holds every answer of the tests against the contracts. */
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import type { ContractName } from '../../plugins/openapi-contracts.ts'
import { SECURITY_HEADERS } from '../../plugins/security.ts'
import { CONTRACT_NAMES, contractFile } from '../../scripts/contract/read.ts'

interface Header {
  $ref?: string
  schema?: object
  required?: boolean
}
interface Response {
  $ref?: string
  headers?: Record<string, Header>
  content?: Record<string, { schema?: object }>
}
interface Operation {
  responses: Record<string, Response>
}
interface Contract {
  paths: Record<string, Record<string, Operation>>
  components: { responses?: Record<string, Response>; headers?: Record<string, Header> }
}

/** Reading YAML takes each test file half a second: what it says is kept among the packages, by the digest of the text. */
function readKept(name: ContractName): Contract {
  const text = contractFile(name)
  const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))
  const path = join(cache, `contract-${hash('sha256', text).slice(0, 16)}.json`)
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'))
  const read: Contract = parse(text)
  mkdirSync(cache, { recursive: true })
  // tests run beside one another: nobody sees half of it
  writeFileSync(`${path}.${process.pid}`, JSON.stringify(read))
  renameSync(`${path}.${process.pid}`, path)
  return read
}

export const contracts = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, readKept(name)])) as unknown as Record<
  ContractName,
  Contract
>

const ajv = new Ajv({ strict: false, validateSchema: false })
addFormats.default(ajv)
// clients take values that they do not know; the service itself sends none but those
ajv.addKeyword({
  keyword: 'x-extensible-enum',
  validate: (known: readonly unknown[], value: unknown) => known.includes(value),
})
for (const name of CONTRACT_NAMES) ajv.addSchema(contracts[name], name)

const paths = CONTRACT_NAMES.flatMap((name) =>
  Object.keys(contracts[name].paths).map((template) => ({ name, template })),
)
  .map(({ name, template }) => ({
    name,
    template,
    pattern: new RegExp(`^${template.replace(/\./g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }))
  // a literal path wins over a templated one: /users/me over /users/{user_id}
  .sort((a, b) => a.template.split('{').length - b.template.split('{').length)

export interface Answer {
  method: string
  path: string
  status: number
  headers: Record<string, string | number | string[] | undefined>
  body: string
}

const compiled = new Map<string, ValidateFunction>()

function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}

function escapePointer(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1')
}

function validatorAt(name: ContractName, pointer: string): ValidateFunction {
  const $ref = `${name}#${pointer}`
  const known = compiled.get($ref)
  if (known) return known
  const validate = ajv.compile({ $ref })
  compiled.set($ref, validate)
  return validate
}

/** What an answer does that the contract does not allow; undefined when it keeps to it. */
export function violation(answer: Answer): string | undefined {
  const { status, headers, body } = answer
  // asked by a proxy with any method and path, it answers as its one listed operation does
  const isVerify = answer.path.startsWith('/api/v1/auth/verify')
  const { method, path } = isVerify ? { method: 'GET', path: '/api/v1/auth/verify' } : answer
  const where = `${method} ${path} → ${status}`
  const { name, template = '' } = paths.find(({ pattern }) => pattern.test(path)) ?? {}
  const operation = name && contracts[name].paths[template]?.[method.toLowerCase()]
  if (!name || !operation) return outsideContract(where, answer)
  const { components } = contracts[name]
  let pointer = `/paths/${escapePointer(template)}/${method.toLowerCase()}/responses/${status}`
  let response = operation.responses[status]
  if (!response) return `${where}: the contract has no such status`
  if (response.$ref) {
    pointer = response.$ref.slice(1)
    response = components.responses?.[nameOf(response.$ref)] ?? {}
  }
  for (const [name, header] of Object.entries(response.headers ?? {})) {
    const { required } = header.$ref ? (components.headers?.[nameOf(header.$ref)] ?? {}) : header
    if (required && headers[name.toLowerCase()] === undefined) return `${where}: no ${name}`
  }
  const undeclared = undeclaredHeaders(headers, response.headers)
  if (undeclared.length > 0) return `${where}: ${undeclared.join(', ')} is not in the contract`
  if (!response.content) return body === '' ? undefined : `${where}: a body where the contract has none`
  const type = String(headers['content-type'] ?? '').split(';', 1)[0] ?? ''
  const media = response.content[type]
  if (!media) return `${where}: ${type} is not in the contract`
  if (!/[/+]json$/.test(type)) return undefined
  const validate = validatorAt(name, `${pointer}/content/${escapePointer(type)}/schema`)
  return validate(JSON.parse(body)) ? undefined : `${where}: ${ajv.errorsText(validate.errors)} in ${body}`
}

/** What no client of the API reads: HTTP's own, caches', and what tells browsers what a page may do. */
const FOR_OTHERS = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'vary',
  ...Object.keys(SECURITY_HEADERS),
])

/** The headers of an answer that the contract should have and does not. */
function undeclaredHeaders(sent: Answer['headers'], declared: Response['headers'] = {}): string[] {
  const known = new Set(Object.keys(declared).map((name) => name.toLowerCase()))
  return Object.keys(sent).filter(
    (name) => !known.has(name) && !FOR_OTHERS.has(name) && !name.startsWith('access-control-'),
  )
}

/** The contracts themselves are in no contract. */
const ITSELF = /^\/openapi[\w.-]*\.(yaml|json)$/

/** Unknown URLs and methods are in no operation; they still answer with a problem. */
function outsideContract(where: string, { path, status, headers, body }: Answer): string | undefined {
  if (status < 400) return ITSELF.test(path) ? undefined : `${where}: not in the contract`
  if (!String(headers['content-type']).startsWith('application/problem+json')) return `${where}: not a problem document`
  const validate = validatorAt('main', '/components/schemas/Problem')
  return validate(JSON.parse(body)) ? undefined : `${where}: ${ajv.errorsText(validate.errors)}`
}
