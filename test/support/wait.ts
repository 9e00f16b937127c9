/** In ms. A busy machine may need a minute; a run of planted mistakes is told of the failure sooner. */
const PATIENCE = Number(process.env['LATCHKEY_TESTS_PATIENCE'] ?? 60_000)

/** Resolves as soon as the condition holds; rejects when it has not for so many ms. */
export async function eventually(condition: () => boolean | Promise<boolean>, limit = PATIENCE): Promise<void> {
  const end = performance.now() + limit
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/**
 * Lets time pass on a service's clock, asking in between: a node that was asked nothing for a minute starts afresh.
 * @param ms how much
 */
export async function whileAsked(
  { clock }: { clock: { advance(ms: number): void } },
  ms: number,
  ask: () => Promise<unknown>,
): Promise<void> {
  for (let left = ms; left > 0; left -= 30_000) {
    clock.advance(Math.min(left, 30_000))
    await ask()
  }
}
