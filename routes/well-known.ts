import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { named, ref } from '../src/schemas.ts'
import { JWKS_MAX_AGE } from '../src/tokens/key-ring.ts'
import { answer } from './contract.ts'

export const Jwk = named(
  'Jwk',
  Type.Object(
    {
      kty: Type.String({ example: 'EC' }),
      kid: Type.String({ example: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' }),
      alg: Type.String({ example: 'ES256' }),
      use: Type.String({ example: 'sig' }),
      crv: Type.Optional(Type.String({ example: 'P-256' })),
      x: Type.Optional(Type.String({ example: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU' })),
      y: Type.Optional(Type.String({ example: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' })),
      n: Type.Optional(Type.String()),
      e: Type.Optional(Type.String()),
    },
    { description: 'A public key (RFC 7517)' },
  ),
)

export const Jwks = named(
  'Jwks',
  Type.Object({ keys: Type.Array(ref(Jwk)) }, { description: 'The keys that sign access tokens' }),
)

/** What other services find out by themselves. */
const wellKnown: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/.well-known/jwks.json',
    schema: {
      operationId: 'getJwks',
      summary: 'The public keys of access tokens',
      description: 'Lets any service verify access tokens by itself. Empty with `JWT_ALG=HS256`, whose key is secret.',
      tags: ['keys'],
      security: [],
      response: {
        200: answer(Jwks, 'A JWK set (RFC 7517)', {
          'Cache-Control': { type: 'string', description: 'how long it may be kept' },
        }),
      },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', `public, max-age=${JWKS_MAX_AGE}`)
      return { keys: app.keys.published() as never }
    },
  })
}

export default wellKnown
