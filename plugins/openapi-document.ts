/** The parts of an OpenAPI 3.0 document that are worked on before it is published. */

export interface Schema {
  $ref?: string
  description?: string
  type?: string
  format?: string
  default?: unknown
  example?: unknown
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  minProperties?: number
  items?: Schema
  anyOf?: Schema[]
}

export interface Reference {
  $ref: string
}

export interface Header {
  description: string
  required?: boolean
  schema: Schema
}

export interface Example {
  summary: string
  value: unknown
}

export interface Media {
  schema?: Schema
  example?: unknown
  examples?: Record<string, Reference | Example>
}

export interface Answer {
  $ref?: string
  description?: string
  headers?: Record<string, Header | Reference>
  content?: Record<string, Media>
}

export interface Parameter {
  $ref?: string
  name: string
  in: 'path' | 'query' | 'header'
  description?: string
  required?: boolean
  schema: Schema
  example?: unknown
}

export interface Operation {
  operationId: string
  summary?: string
  description?: string
  tags?: string[]
  security?: object[]
  parameters?: Parameter[] | undefined
  requestBody?: Answer & { required?: boolean }
  responses: Record<string, Answer>
}

export interface Components {
  securitySchemes: Readonly<Record<string, object>>
  parameters: Record<string, Parameter>
  headers: Record<string, Header>
  responses: Record<string, Answer>
  schemas: Record<string, Schema>
  examples: Record<string, Example>
}

export interface Document {
  openapi: string
  info: { title: string; version: string; description?: string; contact: object; license: object }
  servers?: object[]
  tags?: object[]
  paths: Record<string, Record<string, Operation>>
  components: Components
}

/** Every operation with its method, in the order of the document. */
export function operationsOf({ paths }: Pick<Document, 'paths'>): [method: string, operation: Operation][] {
  return Object.values(paths).flatMap((item) => Object.entries(item))
}

/** The place of a component, as operations mention it. */
export function at(kind: keyof Components, name: string): Reference {
  return { $ref: `#/components/${kind}/${name}` }
}

/** The last part of a reference. */
export function nameOf({ $ref }: { $ref?: string }): string | undefined {
  return $ref?.split('/').at(-1)
}
