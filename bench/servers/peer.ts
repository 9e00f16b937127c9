/** Other services, each with the packages of bench/peers. */
import { fileURLToPath } from 'node:url'
import { installTools } from '../../scripts/install.ts'
import { type RunningServer, startServer } from './start.ts'

const FOLDER = fileURLToPath(new URL('../peers', import.meta.url))

/** Starts a peer, installing its packages where they are not yet there. */
export async function startPeer(name: 'better-auth' | 'oidc-provider', folder?: string): Promise<RunningServer> {
  await installTools(FOLDER)
  return startServer(`../peers/${name}.js`, {}, folder ? { folder } : {})
}
