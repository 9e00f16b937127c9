/** Whose password is hashed next, and whose is not. */
import t from 'tap'
import { type Claimant, createAdmission } from '../../../src/passwords/admission.ts'
import { canonicalAddress, networkOf, networksOf } from '../../../src/passwords/network.ts'

/** A line for one at a time, in which work lasts until the test ends it. */
function openLine({ waiting = 4, patience = 60_000, concurrency = 1, ahead = 0 } = {}) {
  const admission = createAdmission({ concurrency, ahead, waiting, patience })
  const begun: string[] = []
  const ends: (() => void)[] = []
  const come = (name: string, { ip, account = '', signal }: Partial<Claimant> = {}) =>
    admission
      .run({ ip, account, signal }, async () => {
        begun.push(name)
        await new Promise<void>((resolve) => ends.push(resolve))
      })
      .then(
        () => 'done',
        ({ code }: { code: string }) => code,
      )
  /** Ends work until nobody waits, and says in which order it began. */
  const drain = async () => {
    while (admission.load().running > 0) {
      ends.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return begun
  }
  return { admission, come, drain, ends }
}

t.test('addresses take turns, however many of one wait', async (t) => {
  const { come, drain } = openLine({ waiting: 10 })
  for (const [index, ip] of ['a', 'a', 'a', 'a', 'b', 'c', 'c'].entries()) come(`${ip}${index}`, { ip })
  t.strictSame(await drain(), ['a0', 'a1', 'b4', 'c5', 'a2', 'c6', 'a3'])
})

t.test('accounts at one address take turns', async (t) => {
  const { come, drain } = openLine({ waiting: 10 })
  for (const [index, account] of ['x', 'x', 'x', 'y', 'y', 'z'].entries())
    come(`${account}${index}`, { ip: 'a', account })
  t.strictSame(await drain(), ['x0', 'x1', 'y3', 'z5', 'x2', 'y4'])
})

t.test('a full line makes room for an address that has fewer waiting', async (t) => {
  const { admission, come, drain } = openLine({ waiting: 3 })
  come('first')
  const flood = [1, 2, 3].map((n) => come(`a${n}`, { ip: 'a' }))
  const refused = come('a4', { ip: 'a' })
  t.equal(await refused, 'overloaded', 'no room for more of the same')
  come('b1', { ip: 'b' })
  t.equal(await flood[2], 'overloaded', 'who came last gave way')
  t.strictSame(admission.load(), { running: 1, waiting: 3 })
  t.match(admission.counts.refused, { full: 1, displaced: 1 })
  t.strictSame(await drain(), ['first', 'a1', 'b1', 'a2'])
})

t.test('at one address, an account makes room for another', async (t) => {
  const { admission, come, drain } = openLine({ waiting: 3 })
  come('first')
  for (const name of ['x1', 'x2', 'x3']) come(name, { ip: 'a', account: 'x' })
  come('y1', { ip: 'a', account: 'y' })
  t.match(admission.counts.refused, { full: 0, displaced: 1 })
  t.strictSame(await drain(), ['first', 'x1', 'y1', 'x2'])
})

t.test('where each has one waiting, who comes is turned away', async (t) => {
  const { come, drain } = openLine({ waiting: 2 })
  come('first')
  come('a', { ip: 'a' })
  come('b', { ip: 'b' })
  t.equal(await come('c', { ip: 'c' }), 'overloaded')
  t.strictSame(await drain(), ['first', 'a', 'b'])
})

t.test('many networks of one site take one turn between them', async (t) => {
  const { admission, come, drain } = openLine({ waiting: 3 })
  come('first')
  for (const net of ['1', '2', '3']) come(`net${net}`, { ip: `2001:db8:7:${net}::1` })
  come('other', { ip: '2001:db8:8::1' })
  t.match(admission.counts.refused, { full: 0, displaced: 1 })
  t.strictSame(await drain(), ['first', 'net1', 'other', 'net2'])
})

t.test('nobody waits longer than allowed', async (t) => {
  const { admission, come, drain } = openLine({ patience: 20 })
  come('first')
  const begun = performance.now()
  t.equal(await come('a'), 'overloaded')
  t.ok(performance.now() - begun >= 19)
  t.match(admission.counts.refused, { late: 1 })
  t.strictSame(admission.load(), { running: 1, waiting: 0 })
  t.strictSame(await drain(), ['first'])
})

t.test('who would have to wait for too long does not begin to', async (t) => {
  const { admission, come, ends } = openLine({ patience: 50, waiting: 1000 })
  const first = come('first')
  await new Promise((resolve) => setTimeout(resolve, 60))
  ends.shift()?.()
  await first
  come('second')
  t.equal(await come('third'), 'overloaded', 'one has taken 60 ms')
  t.match(admission.counts.refused, { full: 1, late: 0 })
  ends.shift()?.()
})

t.test('whose client has gone leaves the line', async (t) => {
  const { admission, come, drain } = openLine()
  come('first')
  const controller = new AbortController()
  const gone = come('gone', { signal: controller.signal })
  come('next')
  controller.abort()
  t.equal(await gone, 'overloaded')
  t.equal(await come('late', { signal: AbortSignal.abort() }), 'overloaded', 'or does not get in')
  t.match(admission.counts.refused, { gone: 2 })
  t.strictSame(await drain(), ['first', 'next'])
})

t.test('work that fails gives its place to the next', async (t) => {
  const { admission, come, drain } = openLine()
  const failing = admission.run({ ip: undefined, account: '' }, async () => {
    throw new Error('it failed')
  })
  come('next')
  await t.rejects(failing, { message: 'it failed' })
  t.strictSame(await drain(), ['next'])
  t.strictSame(admission.load(), { running: 0, waiting: 0 })
})

t.test('the time of a hash begins when a thread is free for it, not when it is handed over', async (t) => {
  const { admission, come, ends } = openLine({ ahead: 2 })
  const all = ['first', 'second', 'third'].map((name) => come(name))
  t.strictSame(admission.load(), { running: 1, waiting: 2 })
  const begun = performance.now()
  for (const _ of all) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    ends.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(all)
  const total = performance.now() - begun
  const { wait, work } = admission.counts
  t.ok(Math.abs(work.sum - total) < total / 4, `${work.sum} ms of work in ${total} ms`)
  t.ok(wait.sum > 50, `${wait.sum} ms of waiting`)
})

t.test('an IPv6 address stands for its network', async (t) => {
  const same = (...addresses: string[]) => t.equal(new Set(addresses.map(networkOf)).size, 1, addresses.join(' '))
  same('2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:0DB8:0001:0002::')
  same('2001:db8::1:0:0:0:1', '2001:db8:0:1::1')
  same('fe80::1%eth0', 'fe80::2')
  same('::ffff:192.0.2.1', '::FFFF:192.0.2.1', '192.0.2.1')
  same('::1', '::2')
  t.not(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'))
  t.not(networkOf('192.0.2.1'), networkOf('192.0.2.2'))
})

t.test('an address has one form, and an IPv6 form of an IPv4 address is that address', async (t) => {
  const forms: [string | undefined, string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:0DB8::0001', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '192.0.2.1'],
    ['64:ff9b:1::192.0.2.1', '64:ff9b:1::c000:201'],
    ['2002:c000:201::', '192.0.2.1'],
    ['::', '::'],
    ['not an address', undefined],
    ['192.0.2.1:443', undefined],
    ['', undefined],
    [undefined, undefined],
  ]
  for (const [written, canonical] of forms) t.equal(canonicalAddress(written), canonical, String(written))
  t.strictSame(networksOf('2001:db8:1:203::1'), ['2001:db8:1:203', '2001:db8:1:200/56', '2001:db8:1/48'])
  t.strictSame(networksOf('192.0.2.1'), ['192.0.2.1'])
  t.strictSame(networksOf('unknown'), ['unknown'])
})
