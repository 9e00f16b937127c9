/**
 * The spellings of base64 in stored hashes. Each byte string has one spelling: `Buffer.from` alone takes letters that
 * are none, and what would let two texts be one hash.
 */

/** The bytes of padded base64 (RFC 4648, section 4), or undefined if it is none. */
export function readBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** The bytes of base64 without padding, as PHC strings have it. */
export function readUnpadded(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return writeUnpadded(bytes) === text ? bytes : undefined
}

/** The bytes of passlib's own base64: unpadded, with `.` in place of `+`. */
export function readAdapted(text: string): Buffer | undefined {
  return text.includes('+') ? undefined : readUnpadded(text.replaceAll('.', '+'))
}

/** The bytes of lower-case hexadecimal digits. */
export function readHex(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'hex')
  return bytes.toString('hex') === text ? bytes : undefined
}

export function writeUnpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}

export function writeAdapted(bytes: Uint8Array): string {
  return writeUnpadded(bytes).replaceAll('+', '.')
}
