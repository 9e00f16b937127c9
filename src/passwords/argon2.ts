/** The argon2 package, over the binary that was built for this machine where there is one. */
import { createRequire } from 'node:module'
import type Argon2 from 'argon2'
import { findTuned, TUNED } from './binary.ts'

// what the package's loader (node-gyp-build) goes by, unless somebody has told it something else
if (!process.env['PREBUILDS_ONLY'] && findTuned()) process.env['ARGON2_PREBUILD'] ??= TUNED

const argon2 = createRequire(import.meta.url)('argon2') as typeof Argon2
export default argon2
