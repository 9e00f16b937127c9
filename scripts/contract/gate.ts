/** `npm run check:breaks`: the contracts, held against those of the last release. */
import { copyFileSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import type { ContractName } from '../../plugins/openapi-contracts.ts'
import type { Document } from '../../plugins/openapi-document.ts'
import { compareContracts } from './compare.ts'
import type { Break } from './compare-schemas.ts'
import { ALLOWED, type Allowed } from './exceptions.ts'
import { CONTRACT_FILES, CONTRACT_NAMES, readContract } from './read.ts'

const PROJECT = new URL('../../', import.meta.url)
const released = (name: ContractName) => new URL(`test/contract/released/${CONTRACT_FILES[name]}`, PROJECT)

/** A contract as it was released last. */
export function readReleased(name: ContractName): Document {
  return parse(readFileSync(released(name), 'utf8')) as Document
}

/**
 * Sorts what was found.
 * @returns what nobody has allowed, and what is allowed and was not found
 */
export function judge(found: readonly Break[], allowed: readonly Allowed[]) {
  const isSame = (one: Break) => (other: Break) => one.place === other.place && one.what === other.what
  return {
    broken: found.filter((each) => !allowed.some(isSame(each))),
    stale: allowed.filter((each) => !found.some(isSame(each))),
  }
}

/** What breaks clients of the last release, of either contract. */
export function breaksSinceRelease(): Break[] {
  return CONTRACT_NAMES.flatMap((name) => compareContracts({ before: readReleased(name), now: readContract(name) }))
}

/** Keeps the present contracts as those of a release. */
function hold(): void {
  for (const name of CONTRACT_NAMES) copyFileSync(new URL(CONTRACT_FILES[name], PROJECT), released(name))
}

function check(): void {
  const { broken, stale } = judge(breaksSinceRelease(), ALLOWED)
  for (const { place, what } of broken) process.stderr.write(`breaks clients: ${place} ${what}\n`)
  for (const { place, what } of stale) process.stderr.write(`is allowed, and is not so: ${place} ${what}\n`)
  if (broken.length + stale.length > 0) process.exitCode = 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--hold')) hold()
  else check()
}
