/** Clients of Java and Python, generated from `openapi.yaml`, which refuse what their classes do not know. */
import t from 'tap'
import { driveClient } from '../../scripts/clients/drive.ts'
import { LANGUAGES } from '../../scripts/clients/languages.ts'
import { startLaterEdition } from '../../scripts/clients/service.ts'
import { isLeftOut, startApp } from '../support/app.ts'

// the generator of either is a program of Java
const DRIVEN = isLeftOut('java') ? [] : isLeftOut('pydantic') ? ['java'] : ['java', 'python']

for (const name of DRIVEN)
  t.test(
    `a client of ${LANGUAGES[name]?.title} goes through a session, and reads codes, actions and members of a later edition`,
    async (t) => {
      const app = await startApp(t)
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const later = await startLaterEdition(url)
      t.teardown(later.stop)
      t.equal(await driveClient(name, url, later.url), undefined)
    },
  )
