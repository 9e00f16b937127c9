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
  servers: readonly object[]
  tags: readonly { name: string; description: string }[]
  holds: (operation: Pick<Operation, 'tags'>) => boolean
}

const HEADERS = `Every answer to a readable request names it in \`X-Request-Id\`. Answers with tokens or personal data say \
\`Cache-Control: no-store\`.`

const DESCRIPTION = `Accounts, sessions and tokens over HTTP.

Every error is a problem document (RFC 9457) whose \`code\` programs compare. Later versions may have more codes, and more \
values wherever \`x-extensible-enum\` lists those of today. A member without a value is absent, never null. Times are RFC 3339 in UTC.

${HEADERS}

This contract is served as [YAML](/openapi.yaml), [JSON](/openapi.json) and [JSON of OpenAPI 3.1](/openapi-3.1.json), and \
as pages [to try](/docs) and [to read](/redoc), unless \`DOCS\` is \`off\`.`

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

/** Generated clients have a class for each. The order is that of the alphabet, in which linters want it. */
const TAGS = [
  { name: 'account', description: 'One’s own account and its data' },
  { name: 'audit', description: 'The audit log, for admins' },
  { name: 'auth', description: 'Registering, signing in, exchanging tokens, signing out' },
  { name: 'email', description: 'Verifying and changing the e-mail address' },
  { name: 'health', description: 'Whether the service lives, and is ready' },
  { name: 'invitations', description: 'Inviting somebody by mail, and accepting' },
  { name: 'keys', description: 'The public keys of access tokens' },
  { name: 'passwords', description: 'Changing, resetting and judging passwords' },
  { name: 'sessions', description: 'One’s own sessions' },
  { name: 'users', description: 'All accounts, for admins' },
]

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
export function outlinesOf({
  compat,
  public_url,
}: Pick<Config, 'compat' | 'public_url'>): Partial<Record<ContractName, Outline>> {
  const speaks = compat.length > 0
  const servers = [{ url: public_url, description: 'This service; `PUBLIC_URL` says where clients reach it.' }]
  return {
    main: {
      title: 'Latchkey',
      description: speaks ? `${DESCRIPTION}\n\n${OTHER_SERVICES}` : DESCRIPTION,
      servers,
      tags: TAGS,
      holds: (operation) => !isForeign(operation),
    },
    ...(speaks && {
      compat: {
        title: 'Latchkey: calls of other services',
        description: COMPAT_DESCRIPTION,
        servers,
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
