/** The contracts as they stand in their files, for scripts and tests. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { ContractName } from '../../plugins/openapi-contracts.ts'
import type { Document } from '../../plugins/openapi-document.ts'

/** The files, in the top level of the project. */
export const CONTRACT_FILES: Readonly<Record<ContractName, string>> = {
  main: 'openapi.yaml',
  compat: 'openapi-compat.yaml',
}

/** All contracts. */
export const CONTRACT_NAMES = Object.keys(CONTRACT_FILES) as readonly ContractName[]

/** The text of a contract. */
export function contractFile(name: ContractName): string {
  return readFileSync(new URL(`../../${CONTRACT_FILES[name]}`, import.meta.url), 'utf8')
}

/** A contract, by default that for new clients. */
export function readContract(name: ContractName = 'main'): Document {
  return parse(contractFile(name)) as Document
}
