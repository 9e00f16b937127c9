/** What is wrong with the configuration, one sentence a variable. */

/** The environment holds impossible values; `faults` has one sentence for each. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

/** The variables that are set, each with the alias under which it was found. */
export type Variables = ReadonlyMap<string, { value: string; alias?: string }>

/** Collects sentences; each shows the value unless it may be a secret. */
export class Faults {
  readonly sentences: string[] = []
  readonly #variables: Variables
  readonly #secret: ReadonlySet<string>
  readonly #faulty = new Set<string>()

  constructor(variables: Variables, secret: ReadonlySet<string>) {
    this.#variables = variables
    this.#secret = secret
  }

  /** @param what the sentence after the name */
  add(name: string, what: string): void {
    const { value, alias } = this.#variables.get(name) ?? {}
    const shown = value === undefined || this.#secret.has(name) ? '' : ` (it is "${value}")`
    this.sentences.push(`${name}${alias ? ` (set as ${alias})` : ''} ${what}${shown}`)
    this.#faulty.add(name)
  }

  /** Whether anything is wrong with any of these. */
  has(...names: string[]): boolean {
    return names.some((name) => this.#faulty.has(name))
  }
}
