/** Disks that are as small, as full or as broken as a test needs them. Mounting takes root. */
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { emptyFolder } from './child.ts'

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' }).toString()

/** A disk of its own, mounted on an empty folder until the test ends; `size` as `mount` wants it (`1m`). */
export function smallDisk(t: Test, size: string) {
  const folder = emptyFolder(t)
  run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', folder)
  t.teardown(() => run('umount', '--lazy', folder))
  const filler = join(folder, 'filler')
  return {
    folder,
    /** Fills it to the last byte. */
    fill() {
      const file = openSync(filler, 'a')
      try {
        for (let chunk = 65_536; chunk >= 1; ) {
          try {
            if (writeSync(file, Buffer.alloc(chunk)) < chunk) chunk = Math.floor(chunk / 2)
          } catch {
            chunk = Math.floor(chunk / 2)
          }
        }
      } finally {
        closeSync(file)
      }
    },
    /** Makes room again. */
    free: () => rmSync(filler, { force: true }),
    /** Whether it may be written to. */
    remount: (how: 'ro' | 'rw') => run('mount', '-o', `remount,${how}`, folder),
  }
}

/** Whether this machine can make such a disk; a container often cannot. */
export const canBreakDisks = () => existsSync('/dev/loop-control') && existsSync('/usr/sbin/mkfs.ext4')

/** A disk that turns read-only under those who write to it, as one does that was found to be damaged. */
export function breakableDisk(t: Test) {
  const folder = emptyFolder(t)
  const image = join(emptyFolder(t), 'image')
  run('truncate', '-s', '16M', image)
  run('mkfs.ext4', '-q', '-F', image)
  run('mount', '-o', 'loop,errors=remount-ro', image, folder)
  t.teardown(() => run('umount', '--lazy', folder))
  return { folder, break: () => run('mount', '-o', 'remount,abort', folder) }
}
