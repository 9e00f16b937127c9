/** A password that is on no list: 14 random-looking letters after a word; the same number is the same password. */
export function stranger(number: number): string {
  let letters = ''
  for (let rest = BigInt(number + 1) * 0x9e3779b97f4a7c15n; letters.length < 14; rest /= 26n)
    letters += String.fromCharCode(97 + Number(rest % 26n))
  return `stranger ${letters}`
}
