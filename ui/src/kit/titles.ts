/*
 * Readable names of rows that others refer to. Rows usually bring them along (`customer_name`); what is missing is asked once per id, a few at a time.
 */
import { reactive } from 'vue'
import { api } from './api'
import type { Field, Resource, Row } from './meta'
import { titleOf } from './meta'

const known = reactive(new Map<string, string>())
const waiting: (() => Promise<void>)[] = []
let running = 0

function pump() {
  while (running < 4 && waiting.length > 0) {
    running++
    void waiting.shift()!().finally(() => {
      running--
      pump()
    })
  }
}

export function rememberTitle(resource: string, id: string, title: string) {
  known.set(resource + ' ' + id, title)
}

/** The title if known; else the id, and it is fetched. Reactive. */
export function titleFor(field: Field, row: Row, resources: (name: string) => Resource | undefined): string {
  const value = row[field.wire]
  if (value === null || value === undefined || value === '') return ''
  const id = String(value)
  const beside = row[field.wire + '_name']
  if (typeof beside === 'string' && beside) return beside
  const target = field.target ? resources(field.target) : undefined
  if (!target?.operations.get) return id
  const key = target.name + ' ' + id
  const got = known.get(key)
  if (got !== undefined) return got
  known.set(key, id)
  waiting.push(async () => {
    try {
      known.set(key, titleOf(target, await api.get<Row>(`/${target.route}/${id}`)))
    } catch {
      // Out of scope or gone: the id stays.
    }
  })
  pump()
  return id
}
