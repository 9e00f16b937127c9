import t from 'tap'
import { parseRedisUrl, shownRedis } from '../../src/operation/redis-url.ts'
import { matchLists } from '../support/match.ts'

t.test('a URL names one server, a set that Sentinel watches, or a cluster', async (t) => {
  matchLists(t, parseRedisUrl('redis://u:p@cache:6380/1'), { kind: 'single', hosts: [{ host: 'cache', port: 6380 }] })
  t.strictSame(parseRedisUrl('redis+sentinel://ada:p%40ss@one,two:26380/my%20master/3?sentinel_password=s%3As'), {
    kind: 'sentinel',
    tls: false,
    account: { username: 'ada', password: 'p@ss' },
    hosts: [
      { host: 'one', port: 26379 },
      { host: 'two', port: 26380 },
    ],
    master: 'my master',
    db: 3,
    sentinelAccount: { password: 's:s' },
  })
  t.strictSame(parseRedisUrl('rediss+cluster://:secret@[::1]:7000,10.0.0.1'), {
    kind: 'cluster',
    tls: true,
    account: { password: 'secret' },
    hosts: [
      { host: '::1', port: 7000 },
      { host: '10.0.0.1', port: 6379 },
    ],
  })
})

t.test('only hosts are shown', async (t) => {
  t.equal(shownRedis('redis://u:hunter2@cache/1'), 'cache:6379')
  t.equal(shownRedis('redis+sentinel://u:hunter2@one,two:1/m?sentinel_password=hunter2'), 'one:26379, two:1')
  t.equal(shownRedis('redis+cluster://u:hunter2@[::1]:7000,two'), '[::1]:7000, two:6379')
})
