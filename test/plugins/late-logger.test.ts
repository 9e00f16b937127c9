import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import t from 'tap'
import { lateLoggers } from '../../plugins/late-logger.ts'

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** A logger whose lines can be read, without the time, which differs. */
function watched() {
  const lines: string[] = []
  let children = 0
  const stream = { write: (line: string) => void lines.push(line) }
  const onChild = () => {
    children += 1
  }
  const log = pino({ level: 'trace', timestamp: false, onChild }, stream)
  const late = lateLoggers.call({} as FastifyInstance, log, { reqId: 'request-0001' }, {}, {} as never)
  return { log, late, lines, children: () => children }
}

t.test('the logger of a request writes what a child of the logger would, at each level', async (t) => {
  const { log, late, lines } = watched()
  const child = log.child({ reqId: 'request-0001' })
  for (const level of LEVELS) {
    child[level]({ peer: '203.0.113.7' }, 'said %s', level)
    late[level]({ peer: '203.0.113.7' }, 'said %s', level)
    const [expected, ...found] = lines.splice(0)
    t.strictSame(found, level === 'silent' ? [] : [expected], level)
    if (level !== 'silent') t.match(expected, /"reqId":"request-0001","peer":"203.0.113.7","msg":"said /)
  }
})

t.test('it is made once, when there is something to say', async (t) => {
  const { late, lines, children } = watched()
  t.equal(children(), 0)
  late.warn('one')
  late.warn('two')
  t.equal(children(), 1)
  t.equal(lines.length, 2)
})

t.test('its children have what it has, and its level is its own', async (t) => {
  const { log, late, lines } = watched()
  late.child({ part: 'mail' }).info('told')
  t.match(lines.pop(), /"reqId":"request-0001","part":"mail","msg":"told"/)
  late.level = 'error'
  t.equal(late.level, 'error')
  late.warn('not told')
  t.strictSame(lines, [])
  t.equal(log.level, 'trace')
})
