/** What the options of `import` say about passwords that a file holds in parts. */
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { ReadingOptions } from '../moving/system.ts'
import { misuse } from './program.ts'

export interface PasswordFlags {
  digest?: 'sha1' | 'sha256' | 'sha512'
  saltOrder?: 'salt-password' | 'password-salt'
  saltEncoding?: 'utf8' | 'hex' | 'base64'
  firebaseHashConfig?: string
  firebaseSignerKey?: string
  firebaseSaltSeparator?: string
  firebaseRounds?: string
  firebaseMemCost?: string
}

/** Adds these options to a command. */
export function addPasswordOptions(command: Command): void {
  const choice = (flags: string, choices: string[], description: string) =>
    command.addOption(new Option(flags, description).choices(choices))
  choice('--digest <name>', ['sha1', 'sha256', 'sha512'], 'how password_hash was made of password and password_salt')
  choice('--salt-order <order>', ['salt-password', 'password-salt'], 'with --digest: which of the two came first')
  choice('--salt-encoding <encoding>', ['utf8', 'hex', 'base64'], 'with --digest: how password_salt is written; utf8')
  command
    .option('--firebase-hash-config <file>', 'the password hash parameters of a Firebase project, as its console says')
    .option('--firebase-signer-key <key>', 'base64_signer_key, in place of that file')
    .option('--firebase-salt-separator <separator>', 'base64_salt_separator')
    .option('--firebase-rounds <number>', 'rounds')
    .option('--firebase-mem-cost <number>', 'mem_cost')
}

/** The options as a reader wants them; what goes together must be there together. */
export function readPasswordOptions(flags: PasswordFlags): Omit<ReadingOptions, 'now'> {
  const { digest, saltOrder, saltEncoding } = flags
  if ((digest === undefined) !== (saltOrder === undefined)) throw misuse('--digest and --salt-order go together')
  if (saltEncoding && !digest) throw misuse('--salt-encoding goes with --digest')
  const firebase = readFirebase(flags)
  return {
    ...(digest && saltOrder && { digest: { name: digest, order: saltOrder, saltEncoding: saltEncoding ?? 'utf8' } }),
    ...(firebase && { firebase }),
  }
}

function readFirebase(flags: PasswordFlags): ReadingOptions['firebase'] {
  const { firebaseHashConfig: path } = flags
  const text = path === undefined ? '' : readText(path)
  // the console shows `name: value,` in braces; as JSON it is the same with quotes
  const find = (name: string) => new RegExp(`${name}"?\\s*[:=]\\s*"?([^\\s",}]+)`).exec(text)?.[1]
  const parts = {
    base64_signer_key: flags.firebaseSignerKey ?? find('base64_signer_key'),
    base64_salt_separator: flags.firebaseSaltSeparator ?? find('base64_salt_separator'),
    rounds: flags.firebaseRounds ?? find('rounds'),
    mem_cost: flags.firebaseMemCost ?? find('mem_cost'),
  }
  const missing = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [name] : []))
  if (missing.length === 4 && path === undefined) return undefined
  if (missing.length > 0) throw misuse(`of the Firebase hash parameters ${missing.join(', ')} is missing`)
  const [rounds, mem_cost] = [Number(parts.rounds), Number(parts.mem_cost)]
  if (!Number.isInteger(rounds) || !Number.isInteger(mem_cost)) throw misuse('rounds and mem_cost are whole numbers')
  const { base64_signer_key = '', base64_salt_separator = '' } = parts
  return { base64_signer_key, base64_salt_separator, rounds, mem_cost }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw misuse(`${path} cannot be read`)
  }
}
