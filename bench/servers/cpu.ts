/** What the system knows of a running process; Linux only, NaN elsewhere. */
import { readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second for programs, whatever the kernel's own clock. */
const TICKS = 100

function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** CPU time of a process since its start, all threads, in s (proc(5), fields 14 and 15 of `stat`). */
export function cpuSeconds(pid: number): number {
  // the name in field 2 may hold spaces and parentheses
  const fields = readOf(pid, 'stat').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) / TICKS
}

/** Resident memory of a process, in MB of 10⁶ bytes. */
export function residentMegabytes(pid: number): number {
  return (Number(/^VmRSS:\s+(\d+) kB/m.exec(readOf(pid, 'status'))?.[1] ?? Number.NaN) * 1024) / 1e6
}
