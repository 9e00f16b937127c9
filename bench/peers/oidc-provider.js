/**
 * oidc-provider with its defaults: what it issues is kept in memory, a thousand things at most. It replaces the refresh
 * tokens of a public client with every use. `GET /tokens` makes sessions: an access token that its userinfo endpoint
 * takes, and the refresh tokens of `count` grants.
 */
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const CLIENT = 'bench'
const ACCOUNT = 'ada'

const provider = new Provider('http://127.0.0.1', {
  clients: [
    {
      client_id: CLIENT,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://bench.example/callback'],
    },
  ],
})
const client = await provider.Client.find(CLIENT)

/** What a session rests on: the account's word that the client may have these scopes. */
async function grant(scope) {
  const given = new provider.Grant({ accountId: ACCOUNT, clientId: CLIENT })
  given.addOIDCScope(scope)
  return { accountId: ACCOUNT, client, grantId: await given.save(), gty: 'authorization_code', scope }
}

async function makeTokens(count) {
  const access = await new provider.AccessToken(await grant('openid')).save()
  const refresh = []
  // without openid: then a refresh gives what ours gives, and no ID token
  for (let index = 0; index < count; index += 1)
    refresh.push(await new provider.RefreshToken(await grant('offline_access')).save())
  return { access, refresh }
}

const answer = provider.callback()
const server = createServer((request, response) => {
  const [path, query] = (request.url ?? '').split('?')
  if (path !== '/tokens') return answer(request, response)
  return makeTokens(Number(new URLSearchParams(query).get('count'))).then((tokens) =>
    response.end(JSON.stringify(tokens)),
  )
})
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`http://127.0.0.1:${server.address().port}\n`)
})
