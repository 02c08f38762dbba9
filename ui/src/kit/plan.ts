/*
 * Reads what a person wants to know out of a plan file (docs/PLANS.md): for each component its name, the published sentence, the formula and its numbers.
 * A part of the file that this page does not know is shown as it stands, never left out.
 */
import type { Text } from './meta'

export interface PlanPart {
  name: string
  label: Text | string
  text: Text | string | null
  kind: string
  formula: string
  where: string
  rounding: string
  table: string
  rest: [string, string][]
}
export interface PlanView {
  title: Text | string | null
  about: Text | string | null
  effective: string
  parts: PlanPart[]
  tables: { name: string; columns: string[]; rows: string[][] }[]
  limits: [string, string][]
  parameters: [string, string][]
  acknowledgement: string
}

const asText = (v: unknown): Text | string | null => {
  if (typeof v === 'string') return v
  if (v && typeof v === 'object' && ('zh' in v || 'en' in v)) return v as Text
  return null
}
const plain = (v: unknown): string => (v === null || v === undefined ? '' : typeof v === 'string' ? v : JSON.stringify(v))
const record = (v: unknown): Record<string, unknown> => (v && typeof v === 'object' && !Array.isArray(v) ? (v as Record<string, unknown>) : {})
const KNOWN = new Set(['name', 'title', 'label', 'text', 'kind', 'formula', 'where', 'rounding', 'table', 'purpose', 'about'])

function part(name: string, v: Record<string, unknown>): PlanPart {
  return {
    name,
    label: asText(v.title) ?? asText(v.label) ?? name,
    text: asText(v.text) ?? asText(v.about),
    kind: plain(v.kind),
    formula: plain(v.formula),
    where: plain(v.where),
    rounding: plain(v.rounding),
    table: plain(v.table),
    rest: Object.entries(v).filter(([k]) => !KNOWN.has(k)).map(([k, x]) => [k, plain(x)]),
  }
}

function inlineTable(name: string, v: Record<string, unknown>): PlanView['tables'][number] | null {
  if (!Array.isArray(v.rows)) return null
  const raw = v.rows as unknown[]
  const columns = Array.isArray(v.columns) ? v.columns.map((c) => (typeof c === 'string' ? c : plain(record(c).name))) : Object.keys(record(v.columns ?? raw[0]))
  return { name, columns, rows: raw.slice(0, 200).map((r) => (Array.isArray(r) ? r.map(plain) : columns.map((c) => plain(record(r)[c])))) }
}

const named = (v: unknown): [string, Record<string, unknown>][] => (Array.isArray(v) ? v.map((x, i) => [plain(record(x).name) || String(i + 1), record(x)] as [string, Record<string, unknown>]) : Object.entries(record(v)).map(([k, x]) => [k, record(x)] as [string, Record<string, unknown>]))

export function readPlan(body: string): PlanView {
  const plan = JSON.parse(body) as Record<string, unknown>
  const limits = record(plan.limits)
  return {
    title: asText(plan.title) ?? asText(plan.name),
    about: asText(plan.text) ?? asText(plan.about),
    effective: plain(plan.effective),
    parts: named(plan.components).map(([n, v]) => part(n, v)),
    tables: named(plan.tables).map(([n, v]) => inlineTable(n, v)).filter((x) => x !== null),
    limits: Object.entries(limits).filter(([k]) => k !== 'acknowledgement').map(([k, v]) => [k, plain(v)]),
    parameters: Object.entries(record(plan.parameters)).map(([k, v]) => [k, plain(record(v).value ?? v)]),
    acknowledgement: plain(limits.acknowledgement ?? plan.acknowledgement),
  }
}
