import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { emptyFolder, PROJECT, startChild } from '../support/child.ts'

t.test('tuning removes what it wrote before, and nothing else of the folder it is given', async (t) => {
  const folder = emptyFolder(t)
  mkdirSync(join(folder, 'build/Release'), { recursive: true })
  const own = ['tuned.json', 'build/Release/argon2.node', 'build/Release/argon2.o']
  const others = ['thesis.txt', 'build/thesis.txt', 'build/Release/thesis.node']
  for (const file of [...own, ...others]) writeFileSync(join(folder, file), '{}')
  // without a compiler it stops where it has just removed the old build
  const env = { PATH: emptyFolder(t) }
  const { code, stdout } = await startChild(t, { args: [join(PROJECT, 'scripts/tune.ts'), folder], cwd: PROJECT, env })
    .ended
  t.strictSame([code, stdout], [0, 'tune: there is no gcc; the prebuilt binary stays\n'])
  for (const file of own) t.notOk(existsSync(join(folder, file)), file)
  for (const file of others) t.ok(existsSync(join(folder, file)), file)
})
