/** How what comes in is held against the contract. */
import type { Mutant } from './mutant.ts'

const FAULTS = ['test/routes/faults.test.ts']
const UNKNOWN = ['test/attacks/accounts.test.ts']
const TEXT = ['test/attacks/passwords.test.ts']
const IMPORT = ['test/moving/import.test.ts']
const CLI = ['test/cli.test.ts']
const ADMIN = ['test/routes/admin.test.ts']

export const VALIDATION: readonly Mutant[] = [
  {
    mistake: 'members that nobody knows are dropped without a word',
    file: 'src/validation/ajv.ts',
    from: 'removeAdditional: false',
    to: 'removeAdditional: true',
    tests: [...FAULTS, ...UNKNOWN],
  },
  {
    mistake: 'what a query leaves out has no default',
    file: 'src/validation/ajv.ts',
    from: 'useDefaults: true',
    to: 'useDefaults: false',
    tests: ADMIN,
  },
  {
    mistake: 'anything is an e-mail address',
    file: 'src/validation/ajv.ts',
    from: 'email: isEmail,',
    to: 'email: () => true,',
    tests: FAULTS,
  },
  {
    mistake: 'anything is a user name',
    file: 'src/validation/ajv.ts',
    from: 'username: isUsername,',
    to: 'username: () => true,',
    tests: FAULTS,
  },
  {
    mistake: 'a name may have control characters',
    file: 'src/validation/ajv.ts',
    from: "'plain-text': isPlainText,",
    to: "'plain-text': () => true,",
    tests: FAULTS,
  },
  {
    mistake: 'anything is a language',
    file: 'src/validation/ajv.ts',
    from: 'locale: isLocale,',
    to: 'locale: () => true,',
    tests: FAULTS,
  },
  {
    mistake: 'two passwords become one on their way to UTF-8',
    file: 'src/validation/ajv.ts',
    from: 'password: (text: string) => text.isWellFormed(),',
    to: 'password: () => true,',
    tests: TEXT,
  },
  {
    mistake: 'a refusal repeats as long a name as was sent',
    file: 'src/validation/faults.ts',
    from: 'member.slice(0, 64)',
    to: 'member',
    tests: FAULTS,
  },
  {
    mistake: 'a pointer names another member',
    file: 'src/validation/faults.ts',
    from: ".replaceAll('~', '~0').replaceAll('/', '~1')",
    to: '',
    tests: FAULTS,
  },
  {
    mistake: 'what is missing is not named',
    file: 'src/validation/faults.ts',
    from: "params['missingProperty'] ?? params['additionalProperty']",
    to: "params['additionalProperty']",
    tests: FAULTS,
  },
  {
    mistake: 'what may be chosen is not told',
    file: 'src/validation/faults.ts',
    from: "if (keyword === 'enum') return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`\n",
    to: '',
    tests: FAULTS,
  },
  {
    mistake: 'an import takes numbers for text',
    file: 'src/validation/shape.ts',
    from: 'coerceTypes: false',
    to: 'coerceTypes: true',
    tests: IMPORT,
  },
  {
    mistake: 'an import tells one fault of a line at a time',
    file: 'src/validation/shape.ts',
    from: 'coerceTypes: false, allErrors })',
    to: 'coerceTypes: false, allErrors: !allErrors })',
    tests: IMPORT,
  },
  {
    mistake: 'a command takes what the API refuses',
    file: 'src/validation/shape.ts',
    from: 'if (errors.length > 0) throw',
    to: 'if (errors.length > 1) throw',
    tests: CLI,
  },
]
