/** The contracts: OpenAPI documents made of the routes' schemas, and nothing else. */
import swagger from '@fastify/swagger'
import fp from 'fastify-plugin'
import { type ScalarTag, stringify } from 'yaml'
import type { Config } from '../src/config.ts'
import { namedSchemas } from '../src/schemas.ts'
import { toOpenapi31 } from './openapi-3-1.ts'
import { type ContractName, type Outline, outlinesOf, SECURITY_SCHEMES } from './openapi-contracts.ts'
import type { Document } from './openapi-document.ts'
import { tidy } from './openapi-tidy.ts'

/** A contract, made when it is first asked for. */
export interface Contract {
  document: () => Document
  yaml: () => string
  /** the same in OpenAPI 3.1 */
  openapi31: () => object
}

/** A time is quoted. The library knows that itself, but any package can switch it off for the process, and tap does. */
const TIME: ScalarTag = {
  tag: 'tag:yaml.org,2002:timestamp',
  default: true,
  test: /^\d{4}-\d\d-\d\d/,
  identify: () => false,
  resolve: (text) => text,
}

/** Many readers still follow YAML 1.1, where a bare time is a date and a bare `y` is true: its rules quote both. */
const YAML = { version: '1.1' as const, lineWidth: 120, customTags: [TIME] }

/** `app.contracts`. Registered before the routes, which it watches. */
export default fp<{ version: string }>(
  async (app, { version }) => {
    for (const schema of namedSchemas()) app.addSchema(schema)
    await app.register(swagger, {
      openapi: {
        openapi: '3.0.3',
        info: {
          title: '',
          version,
          contact: contactOf(app.config),
          license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
        },
        components: { securitySchemes: SECURITY_SCHEMES },
      },
      refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json['$id'] ?? `def-${index}`) },
    })
    const contracts = Object.entries(outlinesOf(app.config)).map(([name, outline]) => [
      name,
      contractOf(() => app.swagger(), outline),
    ])
    app.decorate('contracts', Object.fromEntries(contracts) as Partial<Record<ContractName, Contract>>)
  },
  { name: 'openapi' },
)

/** Who runs the service is asked about it. Without `MAIL_FROM` the address is one that nobody can have (RFC 2606). */
function contactOf({ public_url: url, mail_from: { address } }: Pick<Config, 'public_url' | 'mail_from'>) {
  return { name: 'Whoever runs this service', url, email: address.replace(/@localhost$/, '@localhost.invalid') }
}

function contractOf(raw: () => object, outline: Outline): Contract {
  let document: Document | undefined
  let yaml: string | undefined
  const make = () => {
    document ??= tidy(raw(), outline)
    return document
  }
  return {
    document: make,
    yaml: () => {
      yaml ??= stringify(make(), YAML)
      return yaml
    },
    openapi31: () => toOpenapi31(make()),
  }
}
