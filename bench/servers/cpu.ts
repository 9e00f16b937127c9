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

/** A process and those it has started. */
function familyOf(pid: number): number[] {
  const children = readOf(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return [pid, ...children.flatMap(familyOf)]
}

/** CPU time of a process and those it has started, all threads, in s (proc(5), fields 14 and 15 of `stat`). */
export function cpuSeconds(pid: number): number {
  return sum(familyOf(pid).map(ownCpuSeconds))
}

function ownCpuSeconds(pid: number): number {
  // the name in field 2 may hold spaces and parentheses
  const fields = readOf(pid, 'stat').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) / TICKS
}

/** Resident memory of a process and those it has started, in MB of 10⁶ bytes. */
export function residentMegabytes(pid: number): number {
  const kibibytes = familyOf(pid).map((one) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readOf(one, 'status'))?.[1]))
  return (sum(kibibytes) * 1024) / 1e6
}

const sum = (figures: readonly number[]) => figures.reduce((total, figure) => total + figure, 0)
