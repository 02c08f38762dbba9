/*
 * What the server tells about its record types: GET /api/v1/meta. Already cut to what the caller may do, so a page shows exactly what is here.
 */
export interface Text {
  zh: string
  en: string
}
export interface Ref {
  id: string
  name: string
}

export type FieldType =
  | 'id' | 'ref' | 'text' | 'secret' | 'int' | 'money' | 'rate' | 'decimal' | 'date' | 'instant' | 'bool' | 'enum' | 'states' | 'json' | 'file' | 'bytes' | 'point' | 'rows'

export interface Field {
  name: string
  /** The key in JSON: amount → amount_fen. */
  wire: string
  label: Text
  help?: Text | null
  type: FieldType
  required?: boolean
  readonly?: boolean
  immutable?: boolean
  sensitive?: boolean
  system?: boolean
  unit?: string | null
  low?: number | null
  high?: number | null
  scale?: number | null
  /** ref, file: name of the resource. */
  target?: string | null
  /** enum, states: name in Meta.choices. */
  choices?: string | null
  /** rows: the fields of one record. */
  rows?: Field[]
}

export interface Choice {
  code: string
  label: Text
  /** states: which may follow. */
  next?: string[]
}

export interface Command {
  name: string
  route: string
  label: Text
  /** States in which it is offered; null: always. */
  when?: string[] | null
  collection?: boolean
  async?: boolean
  fields: Field[]
}

export interface Operation {
  fields?: string[]
  sorts?: { field: string; down?: boolean }[]
  when?: string[] | null
}

export interface Resource {
  name: string
  route: string
  label: Text
  about?: Text | null
  /** Menu group; without one the page sorts it into "other". */
  group?: string | null
  fact?: boolean
  archive?: boolean
  search?: boolean
  tree?: boolean
  title?: string | null
  state?: string | null
  fields: Field[]
  /** Only those that the caller may do. */
  operations: Partial<Record<'list' | 'get' | 'create' | 'update' | 'archive' | 'import' | 'export' | 'bulk' | 'reveal', Operation>>
  commands: Command[]
}

export interface Meta {
  resources: Resource[]
  choices: Record<string, Choice[]>
}

export type Row = Record<string, unknown> & { id: string; version?: number }

export function fieldOf(resource: Resource, name: string): Field | undefined {
  return resource.fields.find((f) => f.name === name || f.wire === name)
}

/** What stands for a row in a heading or a list of choices. */
export function titleOf(resource: Resource, row: Row): string {
  const field = resource.title ? fieldOf(resource, resource.title) : undefined
  const value = field ? row[field.wire] : undefined
  return value === undefined || value === null || value === '' ? row.id : String(value)
}
