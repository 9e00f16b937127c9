/** The two contracts: what each says of itself, and which operations are in it. */
import type { Config } from '../src/config.ts'
import { DIALECTS, type Dialect } from '../src/operation/values.ts'
import type { Operation } from './openapi-document.ts'

/** `main` is what new clients use, `compat` the calls of other services. */
export type ContractName = 'main' | 'compat'

/** What a contract is made of beside the routes. */
export interface Outline {
  title: string
  description: string
  tags: readonly { name: string; description: string }[]
  holds: (operation: Pick<Operation, 'tags'>) => boolean
}

const HEADERS = `Every answer to a readable request names it in \`X-Request-Id\`. Answers with tokens or personal data say \
\`Cache-Control: no-store\`.`

const DESCRIPTION = `Accounts, sessions and tokens over HTTP.

Every error is a problem document (RFC 9457) whose \`code\` is one of a closed list. A member without a value is absent, \
never null. Times are RFC 3339 in UTC.

${HEADERS}

This contract is served as [YAML](/openapi.yaml) and [JSON](/openapi.json), and as pages \
[to try](/docs) and [to read](/redoc), unless \`DOCS\` is \`off\`.`

const OTHER_SERVICES = `Clients of other services find the calls that they know in \
[a contract of its own](/openapi-compat.yaml), with [a page](/docs/compat).`

const COMPAT_DESCRIPTION = `The calls of other services, for clients that were written for those. New clients use \
[the main contract](/openapi.yaml).

Each group is named after a service, and answers in its shapes and with its sentences. What is not HTTP enough to reach a \
call is answered with a problem document (RFC 9457). Accounts, sessions and rules are those of the main contract. \
\`COMPAT\` chooses among the groups.

${HEADERS}

This contract is served as [YAML](/openapi-compat.yaml) and [JSON](/openapi-compat.json), and as a page \
[to try](/docs/compat), unless \`DOCS\` is \`off\`.`

const TAGS = [
  { name: 'Sessions', description: 'Signing in, exchanging tokens, signing out' },
  { name: 'Passwords', description: 'What a new one is worth' },
  { name: 'Account', description: 'What people do with their own account' },
  { name: 'Mail', description: 'What is proved by links and codes that are sent by mail' },
  { name: 'Users', description: 'What administrators do with accounts' },
  { name: 'Audit', description: 'What happened, for admins' },
  { name: 'Gateway', description: 'For reverse proxies that ask who is calling' },
  { name: 'Operation', description: 'Health, keys, metrics' },
]

/** The order is that of the alphabet, in which linters want it. */
const COMPAT_TAGS: readonly { name: Dialect; description: string }[] = [
  {
    name: 'flask-auth',
    description:
      'For clients of the Flask authentication system with register, login and protected: `message`. Its login is shared ' +
      'with `python-jwt-template`, and is described there',
  },
  {
    name: 'flask-jwt-demo',
    description: 'For clients of the Flask JWT Authentication API Demo: single-use tokens, each answer brings the next',
  },
  {
    name: 'python-jwt-template',
    description: 'For clients of the Python Authentication System (python-jwt-template): `status` and `message`',
  },
]

const isForeign = ({ tags = [] }: Pick<Operation, 'tags'>) =>
  tags.some((tag) => (DIALECTS as readonly string[]).includes(tag))

/** The contracts that a configuration has. Without a dialect there is no second one. */
export function outlinesOf({ compat }: Pick<Config, 'compat'>): Partial<Record<ContractName, Outline>> {
  const speaks = compat.length > 0
  return {
    main: {
      title: 'Latchkey',
      description: speaks ? `${DESCRIPTION}\n\n${OTHER_SERVICES}` : DESCRIPTION,
      tags: TAGS,
      holds: (operation) => !isForeign(operation),
    },
    ...(speaks && {
      compat: {
        title: 'Latchkey: calls of other services',
        description: COMPAT_DESCRIPTION,
        tags: COMPAT_TAGS,
        holds: isForeign,
      },
    }),
  }
}

/** All ways to say who asks; a contract has those that its operations name. */
export const SECURITY_SCHEMES = {
  bearer: { type: 'http' as const, scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token' },
  singleUse: {
    type: 'http' as const,
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'A token of `flask-jwt-demo`: good for one call, which answers with the next',
  },
}
