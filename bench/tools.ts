/** The programs beside Node that the bench needs. */
import { spawnSync } from 'node:child_process'

const onPath = (command: string) => spawnSync('which', [command], { stdio: 'ignore' }).status === 0

/**
 * Makes sure that there is a load generator; on Debian, root installs it. wrk rather than one that runs on Node: at
 * these rates such a one needs as much of the machine as the server does, and then it is the one that is measured.
 * @throws when there is none
 */
export function findTools(): void {
  if (onPath('wrk')) return
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    process.stderr.write('installing wrk\n')
    spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'] })
    spawnSync('apt-get', ['install', '-y', '-qq', 'wrk'], { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  if (!onPath('wrk')) throw new Error('the load generator wrk is missing: apt-get install wrk')
}
