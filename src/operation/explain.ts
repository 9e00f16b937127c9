import { Failure } from '../errors.ts'
import { ConfigError } from './faults.ts'
import { authority } from './values.ts'

/** Why an address cannot be listened on, by the system's code. */
const LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process; PORT chooses another',
  EADDRNOTAVAIL: 'is not an address of this machine; HOST chooses one',
  EACCES: 'may not be listened on by this user; PORT chooses another',
}

/** What stopped a start or a command, for whoever runs it: one line a fault. */
export function explain(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.faults
  if (error instanceof Failure) {
    const members = error.errors?.map(({ pointer, message }) => `${pointer.slice(1)} ${message}`).join('; ')
    return [members ?? error.detail ?? error.message]
  }
  // a name that stands for several addresses, none of which could be reached
  if (error instanceof AggregateError) return explain(error.errors[0])
  // nobody can act on these but a programmer
  if (error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError)
    return [String(error.stack)]
  const { syscall, code = '', address, port, message } = error as NodeJS.ErrnoException & Listening
  // a worker is told of its parent's attempt under the other name
  const reason = syscall === 'listen' || syscall === 'bind' ? LISTENING[code] : undefined
  if (reason && address && port) return [`${authority(address, port)} ${reason}`]
  return [message.replace(/\s*\n\s*/g, ' ')]
}

interface Listening {
  address?: string
  port?: number
}
