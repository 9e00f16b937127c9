/** A mistake to be planted in the source, and the tests that have to notice it. */
export interface Mutant {
  /** what goes wrong with it, as a sentence */
  mistake: string
  /** the file, from the project's folder */
  file: string
  /** what stands there, exactly once */
  from: string
  /** what stands there then */
  to: string
  /** the test files that are asked, in this order, until one fails */
  tests: readonly string[]
  /** why no test can notice it; it counts as not noticed all the same */
  survives?: string
}
