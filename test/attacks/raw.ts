/** Bytes over a socket, for what no HTTP client would send. */
import { connect } from 'node:net'

/** What came back: the statuses of the answers in their order, none if the connection was closed without a word. */
export interface RawAnswer {
  statuses: number[]
  text: string
}

/** Longest wait for an answer, in ms: a request that never ends is one that the service may wait for. */
const PATIENCE = 300

/**
 * Sends the bytes, waits for the service to close or to fall silent, and closes.
 * @param patience in ms; longer where the service is going to close, so that a busy machine may take its time
 */
export function sendRaw(port: number, bytes: Buffer, patience = PATIENCE): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setTimeout(patience, () => socket.destroy())
    socket.on('data', (chunk) => chunks.push(chunk))
    // a reset is a way to close
    socket.on('error', () => {})
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1')
      resolve({ statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)), text })
    })
  })
}
