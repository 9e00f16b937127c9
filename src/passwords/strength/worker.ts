/** The other thread: estimates one password after another. */
import { parentPort } from 'node:worker_threads'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import * as common from '@zxcvbn-ts/language-common'
import * as english from '@zxcvbn-ts/language-en'
import { ESTIMATED, type Estimate, type EstimateInput } from './estimate.ts'

const zxcvbn = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...english.dictionary },
  graphs: common.adjacencyGraphs,
  translations: english.translations,
  maxLength: ESTIMATED,
  // what is a digit and what a letter can be read in as many ways; with a hundred of them, one estimate takes half a second
  l33tMaxSubstitutions: 5,
})

parentPort?.on('message', ({ id, input }: { id: number; input: EstimateInput }) => {
  const { score, guessesLog10, feedback } = zxcvbn.check(input.password, [...input.names])
  const output: Estimate = {
    score,
    guesses_log10: Math.round(guessesLog10 * 10) / 10,
    ...(feedback.warning && { warning: feedback.warning }),
    suggestions: feedback.suggestions,
  }
  parentPort?.postMessage({ id, output })
})
