export default {
  latchkey: {
    input: { target: process.env['CONTRACT'] ?? '' },
    output: { target: 'client/index.ts', client: 'fetch', mode: 'single' },
  },
}
