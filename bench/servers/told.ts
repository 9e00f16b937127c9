/** Loaded before a service whose memory is of interest: at SIGUSR2 it collects garbage and says what it holds, in bytes. */
process.on('SIGUSR2', () => {
  // twice, since what the first one finalises goes with the second
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  process.stderr.write(`\nholds ${heapUsed + external} resident ${rss}\n`)
})
