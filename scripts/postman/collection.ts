/** The Postman collection: the generator's requests, put in order and made to run. */
import { v5 } from 'uuid'
import { type Document, type Operation, operationsOf } from '../../plugins/openapi-document.ts'
import { expectedOf, toGenerator } from './contract.ts'
import { type Collection, convert, type Event, type Folder, type Item, type Request } from './convert.ts'
import { RUNS, type Run } from './runs.ts'
import { after, before, FRESH_NAME } from './scripts.ts'

/** Ids are made in here, out of the operations' own: the generator's are new each time. */
const NAMESPACE = '5a0f4c0e-4c1b-4c55-9d5e-2f3b7f3a8d10'

const VARIABLES: Readonly<Record<string, string>> = {
  baseUrl: 'http://127.0.0.1:3000',
  password: 'correct horse battery staple',
  admin_username: 'root',
  admin_password: '',
}

/** The id of an operation's request in the collection. */
export function idOf(operationId: string): string {
  return v5(operationId, NAMESPACE)
}

/** Where an operation stands in the run; those without an entry come last. */
function placeOf(operationId: string): number {
  const place = Object.keys(RUNS).indexOf(operationId)
  return place < 0 ? Number.MAX_SAFE_INTEGER : place
}

/**
 * Makes one collection of contracts. The same contracts give the same collection.
 * @param first says what the collection is about
 */
export async function buildCollection(first: Document, ...others: readonly Document[]): Promise<Collection> {
  const { info, folders } = await foldersOf(first)
  for (const document of others) folders.push(...(await foldersOf(document)).folders)
  return {
    info: { ...info, _postman_id: idOf('') },
    item: sortBy(folders, ({ place }) => place).map(({ folder }) => folder),
    event: eventOf('', 'prerequest', FRESH_NAME),
    variable: Object.entries(VARIABLES).map(([key, value]) => ({ key, value })),
  }
}

/** A folder for each tag of a contract that an operation has. */
async function foldersOf(document: Document) {
  const { info, item } = await convert(toGenerator(document))
  const operations = new Map(operationsOf(document).map(([, operation]) => [operation.operationId, operation]))
  // a tag that no operation has gets a folder too
  const used = item.filter((folder) => folder.item.length > 0)
  return { info, folders: used.map((folder) => finishFolder(document, operations, folder)) }
}

function sortBy<T>(values: readonly T[], place: (value: T) => number): T[] {
  return values.toSorted((a, b) => place(a) - place(b))
}

/** A folder with its requests in the order of the run, and the place of the first. */
function finishFolder(document: Document, operations: Map<string, Operation>, folder: Folder) {
  // the generator has put the operation's id in the place of the name
  const item = sortBy(folder.item, ({ name }) => placeOf(name))
  const place = placeOf(item[0]?.name ?? '')
  const finished = item.map((each) => {
    const operation = operations.get(each.name)
    if (!operation) throw new Error(`the generator made ${each.name}, which is no operation`)
    return finishItem(document, operation, each)
  })
  return { place, folder: { ...folder, id: idOf(`tag ${folder.name}`), item: finished } }
}

function finishItem(document: Document, operation: Operation, item: Item): Item {
  const { operationId, summary = operationId } = operation
  const run = RUNS[operationId] ?? {}
  const request = fill({ ...item.request, name: summary }, run, Boolean(operation.security?.length))
  const expected = expectedOf(document, operation, run.status)
  return {
    id: idOf(operationId),
    name: summary,
    event: [...eventOf(operationId, 'prerequest', before(run)), ...eventOf(operationId, 'test', after(expected, run))],
    request,
    response: item.response.map((response) => ({
      ...response,
      id: idOf(`${operationId} ${response.code}`),
      originalRequest: request,
    })),
  }
}

function eventOf(operationId: string, listen: Event['listen'], exec: string[]): Event[] {
  if (exec.length === 0) return []
  return [{ listen, script: { id: idOf(`${operationId} ${listen}`), type: 'text/javascript', exec } }]
}

/** A request that sends what the table says. */
function fill({ body: example, ...request }: Request, run: Run, isGuarded: boolean): Request {
  const { body, path, query } = run
  const token = run.token ?? (run.as ? `${run.as}_access_token` : 'access_token')
  return {
    ...request,
    auth: isGuarded
      ? { type: 'bearer', bearer: [{ key: 'token', value: `{{${token}}}`, type: 'string' }] }
      : { type: 'noauth' },
    url: {
      ...request.url,
      query: request.url.query.map((each) => ({
        ...each,
        value: query?.[each.key] ?? each.value,
        disabled: query?.[each.key] === undefined && !isRequired(each),
      })),
      variable: request.url.variable.map((each) => ({ ...each, value: path?.[each.key] ?? each.value })),
    },
    ...(example?.raw && { body: { ...example, raw: body ? JSON.stringify(body, null, 2) : example.raw } }),
  }
}

/** The generator begins the description of what is required with that word. */
function isRequired({ description }: { description?: { content: string } }): boolean {
  return description?.content.startsWith('(Required)') ?? false
}
