/** What the tests assert, read by the compiler with its types: assertions that hold whatever comes are told by their place. */
import { join, relative } from 'node:path'
import type { CallExpression, Node } from 'typescript/unstable/ast'
import { isCallExpression, isPropertyAccessExpression } from 'typescript/unstable/ast/is'
import { API, type Checker, SignatureKind, type Type, TypeFlags } from 'typescript/unstable/sync'

const PROJECT = join(import.meta.dirname, '../..')

/** Assertions that hold a list of the pattern against the beginning of what is found. */
const MATCHING = ['match', 'notMatch', 'has', 'notHas', 'hasStrict', 'notHasStrict', 'matchOnly', 'resolveMatch']

/** Assertions that take any error, if they are told none. */
const FAILING = ['rejects', 'throws']

/** Assertions that wait for nothing. */
const AT_ONCE = ['ok', 'notOk', 'equal', 'not', 'same', 'strictSame', 'match', 'notMatch']

const JUDGED = new Set([...MATCHING, ...FAILING, ...AT_ONCE])

interface Assertion {
  method: string
  args: readonly Node[]
}

/**
 * @param planted texts in place of files, by their paths from the project's folder
 * @returns assertions of the tests that prove too little, as `file:line: why`
 */
export function emptyAssertions(planted: Record<string, string> = {}): string[] {
  const readFile = (path: string) => planted[relative(PROJECT, path)]
  const api = new API({ cwd: PROJECT, fs: { readFile } })
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(PROJECT, 'tsconfig.json')] }).getProjects()
    if (!project) throw new Error('there is no project here')
    const { program, checker } = project
    return program.getSourceFileNames().flatMap((path) => {
      const file = path.startsWith(join(PROJECT, 'test/')) && program.getSourceFile(path)
      if (!file) return []
      return callsIn(file).flatMap((call) => {
        const fault = faultOf(checker, call)
        const line = file.text.slice(0, call.getStart()).split('\n').length
        return fault ? `${relative(PROJECT, path)}:${line}: ${fault}` : []
      })
    })
  } finally {
    api.close()
  }
}

function callsIn(node: Node): CallExpression[] {
  const calls = isCallExpression(node) ? [node] : []
  node.forEachChild((child) => {
    calls.push(...callsIn(child))
  })
  return calls
}

function faultOf(checker: Checker, call: CallExpression): string | undefined {
  const assertion = assertionOf(checker, call)
  if (!assertion) return undefined
  const { method, args } = assertion
  const [found, pattern] = args.map((each) => checker.getTypeAtLocation(each))
  if (MATCHING.includes(method) && (!pattern || mayHaveList(checker, pattern))) return `${method} of a list`
  if (FAILING.includes(method) && (!pattern || pattern.flags & TypeFlags.StringLike)) return `${method} on any error`
  if (AT_ONCE.includes(method) && [found, pattern].some(isPromise)) return `${method} of a promise`
  return undefined
}

/** What is asserted, if the call is one of a test of tap. */
function assertionOf(checker: Checker, { expression, arguments: args }: CallExpression): Assertion | undefined {
  if (!isPropertyAccessExpression(expression) || !JUDGED.has(expression.name.text)) return undefined
  const test = checker.getTypeAtLocation(expression.expression)
  const isTest = test && ['strictSame', 'rejects'].every((each) => checker.getPropertyOfType(test, each))
  return isTest ? { method: expression.name.text, args } : undefined
}

const isPromise = (type: Type | undefined) => type?.getSymbol()?.name === 'Promise'

/** Whether a list is in a pattern, or may be: nothing may be known of it. */
function mayHaveList(checker: Checker, type: Type, seen = new Set<number>()): boolean {
  if (seen.has(type.id)) return false
  seen.add(type.id)
  if (type.flags & (TypeFlags.AnyOrUnknown | TypeFlags.NonPrimitive | TypeFlags.InstantiableNonPrimitive)) return true
  if (checker.isArrayLikeType(type)) return true
  if (type.isUnionType() || type.isIntersectionType())
    return type.getTypes().some((each) => mayHaveList(checker, each, seen))
  if (!(type.flags & TypeFlags.Object) || isFunction(checker, type) || isOfTheLanguage(type)) return false
  const members = checker.getPropertiesOfType(type).map((member) => checker.getTypeOfSymbol(member))
  const others = checker.getIndexInfosOfType(type).map(({ valueType }) => valueType)
  return [...members, ...others].some((each) => each && mayHaveList(checker, each, seen))
}

const isFunction = (checker: Checker, type: Type) =>
  [SignatureKind.Call, SignatureKind.Construct].some((kind) => checker.getSignaturesOfType(type, kind).length > 0)

/** A class that the language or Node has, as RegExp; not what `Record` and its like make. */
function isOfTheLanguage(type: Type): boolean {
  const { name, declarations = [] } = type.getSymbol() ?? {}
  return name !== '__type' && declarations.some(({ path }) => /\/lib\.[^/]+\.d\.ts$|\/@types\/node\//.test(path))
}
