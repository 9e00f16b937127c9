import t from 'tap'
import { readResults } from '../../scripts/results.ts'

const FILE = `# Subtest: test/a.test.ts
    # Subtest: outer
        ok 1 - should be equal
        # Subtest: inner
            not ok 1 - one is two
              ---
              compare: ===
              ...
            
            ok 2 - fine
            1..2
        not ok 2 - inner # time=1ms
        1..2
    not ok 1 - outer # time=2ms
    1..1
not ok 1 - test/a.test.ts # time=3ms
`

t.test('assertions are counted, and not the subtests that hold them', async (t) => {
  const { passed, failed } = readResults(FILE)
  t.strictSame({ passed, failed }, { passed: 2, failed: 1 })
})

t.test('a failure is told with its file, its tests and why', async (t) => {
  t.strictSame(readResults(FILE).failures, ['test/a.test.ts > outer > inner > one is two\n              compare: ==='])
})

t.test('a file that fails though all in it passed is a failure', async (t) => {
  const tap = '# Subtest: test/b.test.ts\n    ok 1 - fine\n    1..1\nnot ok 1 - test/b.test.ts # time=1ms\n'
  t.strictSame(readResults(tap), { passed: 1, failed: 1, failures: ['test/b.test.ts'] })
})
