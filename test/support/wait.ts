/** Resolves as soon as the condition holds; rejects when it has not for ten seconds. */
export async function eventually(condition: () => boolean | Promise<boolean>, limit = 10_000): Promise<void> {
  const end = performance.now() + limit
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
