/** Every mistake that `npm run test:mutants` plants, by the part of the service that it is in. */
import { EDGE } from './edge.ts'
import { MAIL } from './mail.ts'
import type { Mutant } from './mutant.ts'

export const MUTANTS: readonly Mutant[] = [...EDGE, ...MAIL]
