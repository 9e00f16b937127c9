/** Passwords as Keycloak's realm exports hold them: two texts of JSON, which can be written in formats that are read. */
import { writeUnpadded } from './base64.ts'
import { composePbkdf2, type Pbkdf2Digest } from './pbkdf2.ts'

const DIGESTS: Record<string, Pbkdf2Digest> = {
  pbkdf2: 'sha1',
  'pbkdf2-sha256': 'sha256',
  'pbkdf2-sha512': 'sha512',
}

const ARGON2_VERSIONS: Record<string, number> = { '1.0': 16, '1.3': 19 }

interface SecretData {
  value?: unknown
  salt?: unknown
}

interface CredentialData {
  hashIterations?: unknown
  algorithm?: unknown
  additionalParameters?: Record<string, unknown> | null
}

/**
 * Composes the credential of type `password` in a realm export: PBKDF2 in passlib's form, argon2 as a PHC string.
 * Undefined for algorithms that are not known and for texts that do not hold what they should.
 */
export function composeKeycloak(secretData: string, credentialData: string): string | undefined {
  const secret = parseObject<SecretData>(secretData)
  const credential = parseObject<CredentialData>(credentialData)
  const { algorithm, hashIterations } = credential
  const { value, salt } = secret
  if (typeof value !== 'string' || typeof salt !== 'string' || typeof algorithm !== 'string') return undefined
  if (!Number.isSafeInteger(hashIterations)) return undefined
  const hashed = {
    rounds: hashIterations as number,
    salt: Buffer.from(salt, 'base64'),
    digest: Buffer.from(value, 'base64'),
  }
  if (algorithm === 'argon2') return composeArgon2(hashed, credential.additionalParameters ?? {})
  const digest = Object.hasOwn(DIGESTS, algorithm) ? DIGESTS[algorithm] : undefined
  return digest && composePbkdf2(digest, hashed.rounds, hashed.salt, hashed.digest)
}

function composeArgon2(
  { rounds, salt, digest }: { rounds: number; salt: Buffer; digest: Buffer },
  parameters: Record<string, unknown>,
): string | undefined {
  // each parameter is a list of one text
  const parameter = (name: string) => {
    const [value] = [parameters[name]].flat()
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }
  const version = ARGON2_VERSIONS[parameter('version')]
  const [type, memory, lanes] = [parameter('type'), parameter('memory'), parameter('parallelism')]
  if (version === undefined) return undefined
  return `$argon2${type}$v=${version}$m=${memory},t=${rounds},p=${lanes}$${writeUnpadded(salt)}$${writeUnpadded(digest)}`
}

function parseObject<T extends object>(json: string): Partial<T> {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? (value as T) : {}
  } catch {
    return {}
  }
}
