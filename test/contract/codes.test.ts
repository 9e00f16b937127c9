/** The closed list of error codes is one list, in the code and in the contract. */
import t from 'tap'
import { nameOf, operationsOf } from '../../plugins/openapi-document.ts'
import { readContract } from '../../scripts/contract/read.ts'
import { ERROR_CODES } from '../../src/errors.ts'

const document = readContract()

/** Codes that no operation answers with. */
const OUTSIDE_OPERATIONS = [
  // URLs and methods that are not in the contract
  'not_found',
  'method_not_allowed',
  // the pages for links in messages, which are not in it either
  'cross_site_request',
]

t.test('the contract’s known codes are the list of src/errors.ts', async (t) => {
  t.strictSame(
    (document.components.schemas['ProblemCode'] as Record<string, unknown>)['x-extensible-enum'],
    ERROR_CODES,
  )
})

t.test('every code is an answer of some operation, except those that cannot be', async (t) => {
  const used = new Set(
    operationsOf(document)
      .flatMap(([, { responses }]) => Object.values(responses))
      .map((response) => document.components.responses[nameOf(response) ?? ''])
      .flatMap((response) => Object.keys(response?.content?.['application/problem+json']?.examples ?? {})),
  )
  t.strictSame([...used, ...OUTSIDE_OPERATIONS].sort(), [...ERROR_CODES].sort())
})
