/*
 * Reads what a person wants to know out of a plan file (docs/PLANS.md): for each component its name, the published sentence, the formula and its numbers.
 * A part of the file that this page does not know is shown as it stands, never left out.
 */
import { fenText } from './format'
import type { Text } from './meta'

export interface PlanPart {
  name: string
  label: Text | string
  text: Text | string | null
  kind: string
  purpose: string
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
  parameters: { name: string; label: Text | string; value: string }[]
  acknowledgement: string
}

const asText = (v: unknown): Text | string | null => {
  if (typeof v === 'string') return v
  if (v && typeof v === 'object' && ('zh' in v || 'en' in v)) return v as Text
  return null
}
const plain = (v: unknown): string => (v === null || v === undefined ? '' : typeof v === 'string' ? v : JSON.stringify(v))
const record = (v: unknown): Record<string, unknown> => (v && typeof v === 'object' && !Array.isArray(v) ? (v as Record<string, unknown>) : {})
const KNOWN = new Set(['name', 'title', 'label', 'text', 'kind', 'formula', 'where', 'rounding', 'table', 'on', 'purpose', 'about'])

function part(name: string, v: Record<string, unknown>): PlanPart {
  return {
    name,
    label: asText(v.title) ?? asText(v.label) ?? name,
    text: asText(v.text) ?? asText(v.about),
    kind: plain(v.kind),
    purpose: plain(v.purpose),
    formula: plain(v.formula),
    where: plain(v.where),
    rounding: plain(v.rounding),
    table: plain(v.on ?? v.table),
    rest: Object.entries(v).filter(([k]) => !KNOWN.has(k)).map(([k, x]) => [k, plain(x)]),
  }
}

function inlineTable(name: string, v: Record<string, unknown>): PlanView['tables'][number] | null {
  if (!Array.isArray(v.rows)) return null
  const given = v.columns ?? Object.keys(record(v.rows[0]))
  const columns = (Array.isArray(given) ? given : Object.keys(record(given))).map((c) => (typeof c === 'string' ? { name: c, type: '' } : { name: plain(record(c).name), type: plain(record(c).type) }))
  const cell = (value: unknown, type: string) => (type === 'money' && typeof value === 'number' ? fenText(value) : plain(value))
  return { name, columns: columns.map((c) => (c.type === 'money' ? c.name.replace(/_fen$/, '') + ' (¥)' : c.name)), rows: v.rows.slice(0, 200).map((r: unknown) => columns.map((c, i) => cell(Array.isArray(r) ? r[i] : record(r)[c.name], c.type))) }
}

function acknowledged(v: unknown): string {
  if (typeof v === 'string' || !v) return plain(v)
  const a = record(v)
  return [plain(a.text), plain(a.by), plain(a.on)].filter(Boolean).join(' · ')
}

const named = (v: unknown): [string, Record<string, unknown>][] => (Array.isArray(v) ? v.map((x, i) => [plain(record(x).name) || String(i + 1), record(x)] as [string, Record<string, unknown>]) : Object.entries(record(v)).map(([k, x]) => [k, record(x)] as [string, Record<string, unknown>]))

export function readPlan(body: string): PlanView {
  const plan = JSON.parse(body) as Record<string, unknown>
  const limits = record(plan.limits)
  return {
    title: asText(plan.title) ?? asText(plan.name),
    about: asText(plan.text) ?? asText(plan.about),
    effective: [plain(record(plan.effective).from), plain(record(plan.effective).to)].filter(Boolean).join(' – ') || plain(plan.effective),
    parts: named(plan.components).map(([n, v]) => part(n, v)),
    tables: named(plan.tables).map(([n, v]) => inlineTable(n, v)).filter((x) => x !== null),
    limits: Object.entries(limits).filter(([k]) => k !== 'acknowledgement').map(([k, v]) => [k, plain(v)]),
    parameters: named(plan.parameters).map(([name, v]) => ({ name, label: asText(v.title) ?? name, value: plain(v.value) })),
    acknowledgement: acknowledged(limits.acknowledgement ?? plan.acknowledgement),
  }
}
