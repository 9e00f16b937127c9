/** What a password hash costs on this machine, and what it might cost. */
import { randomBytes } from 'node:crypto'
import { availableParallelism, totalmem } from 'node:os'
import type { Config } from '../config.ts'
import argon2 from '../passwords/argon2.ts'
import { describeBinary, loadedBinary } from '../passwords/binary.ts'
import { type Finding, fine, warning } from './finding.ts'

/** Parameters of argon2id: memory in KiB, passes, lanes. */
interface Parameters {
  memory: number
  time: number
  parallelism: number
}

/** OWASP's least parameters for argon2id (Password Storage Cheat Sheet). */
const LEAST: Parameters = { memory: 19_456, time: 2, parallelism: 1 }

/** More memory than this is not suggested for a hash: as many as there are cores are in flight, in KiB. */
const MOST_MEMORY = 262_144

/** How long is measured on all cores, in ms. */
const SPAN = 1000

/** The time of one hash that a suggestion is for, where nobody says another, in ms. */
export const USUAL_TIME = 50

function hash({ memory, time, parallelism }: Parameters): Promise<unknown> {
  const options = { type: argon2.argon2id, memoryCost: memory, timeCost: time, parallelism } as const
  return argon2.hash(randomBytes(16), options)
}

/** The fastest of a few, in ms. */
async function timeOf(parameters: Parameters): Promise<number> {
  const times: number[] = []
  for (let sample = 0; sample < 4; sample += 1) {
    const begun = performance.now()
    await hash(parameters)
    times.push(performance.now() - begun)
  }
  return Math.min(...times)
}

/** How many a second all cores make together. */
async function rateOf(parameters: Parameters, cores: number): Promise<number> {
  const begun = performance.now()
  let made = 0
  const work = async () => {
    while (performance.now() - begun < SPAN) {
      await hash(parameters)
      made += 1
    }
  }
  await Promise.all(Array.from({ length: cores }, work))
  return (1000 * made) / (performance.now() - begun)
}

/**
 * The strongest parameters whose hash takes about so long: more memory first, which costs an attacker most, then more
 * passes. Never below OWASP's least.
 * @param target in ms
 * @param perPass what one pass over one KiB takes, in ms
 */
export function suggestParameters(target: number, perPass: number): Parameters {
  const affordable = Math.floor(target / (LEAST.time * perPass * 1024)) * 1024
  const memory = Math.min(MOST_MEMORY, Math.max(LEAST.memory, affordable))
  return { memory, time: Math.max(LEAST.time, Math.floor(target / (memory * perPass))), parallelism: 1 }
}

const rounded = (number: number) => Math.round(10 * number) / 10

/**
 * Measures the hash with the configured parameters, and suggests others for a time.
 * @param target what a hash should take, in ms
 */
export async function examineHashes(config: Config, target: number): Promise<Finding[]> {
  const { argon2_memory: memory, argon2_time: time, argon2_parallelism: parallelism } = config
  const cores = availableParallelism()
  const inForce = { memory, time, parallelism }
  const ms = rounded(await timeOf(inForce))
  const rate = rounded(await rateOf(inForce, Math.min(cores, config.hash_concurrency)))
  const least = await timeOf(LEAST)
  const suggested = suggestParameters(target, least / (LEAST.memory * LEAST.time))
  const binary = loadedBinary()
  const findings = [
    fine('hashes', `a hash takes ${ms} ms, all cores make ${rate} a second; argon2 is ${describeBinary(binary)}`, {
      ms,
      per_second: rate,
      binary: binary.kind,
    }),
    fine('hashes', `for ${target} ms: ${asVariables(suggested)}`, { target_ms: target, ...suggested }),
  ]
  if (least > target) findings.push(warning('hashes', `the least that is safe takes ${rounded(least)} ms here`))
  if (memory * time < LEAST.memory * LEAST.time || memory < 7168)
    findings.push(warning('hashes', `${asVariables(inForce)} is below OWASP's least, ${asVariables(LEAST)}`))
  if (config.hash_concurrency > cores)
    findings.push(
      warning('hashes', `HASH_CONCURRENCY is ${config.hash_concurrency}, more than there are cores (${cores})`),
    )
  if (1024 * memory * config.hash_concurrency > totalmem() / 2)
    findings.push(warning('hashes', 'ARGON2_MEMORY times HASH_CONCURRENCY is more than half of the memory'))
  return findings
}

const asVariables = ({ memory, time, parallelism }: Parameters) =>
  `ARGON2_MEMORY=${memory} ARGON2_TIME=${time} ARGON2_PARALLELISM=${parallelism}`
