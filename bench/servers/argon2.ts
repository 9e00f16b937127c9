/**
 * The argon2 package and nothing else, over the same binary as the service's: verifies a password with `IN_FLIGHT` at once for `SECONDS`, and prints how
 * many it did per second. `PARAMETERS` are the package's options.
 */
import argon2 from '../../src/passwords/argon2.ts'

const { PARAMETERS = '{}', PASSWORD = '', IN_FLIGHT, SECONDS } = process.env
const parameters: { memoryCost: number; timeCost: number; parallelism: number } = JSON.parse(PARAMETERS)
const hash = await argon2.hash(PASSWORD, { ...parameters, type: argon2.argon2id })
const start = performance.now()
const end = start + Number(SECONDS) * 1000
let done = 0

async function verifyUntilTheEnd(): Promise<void> {
  while (performance.now() < end) {
    if (!(await argon2.verify(hash, PASSWORD))) throw new Error('the password was found wrong')
    done += 1
  }
}

await Promise.all(Array.from({ length: Number(IN_FLIGHT) }, verifyUntilTheEnd))
process.stdout.write(String((1000 * done) / (performance.now() - start)))
