/** Loaded before a program whose memory is of interest: says at its end the most that it took, in KiB. */
process.once('exit', () => process.stderr.write(`\npeak ${process.resourceUsage().maxRSS}\n`))
