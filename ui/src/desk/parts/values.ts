/* Values of described fields: how they read, how they are typed in, how they go back on the wire. */
import { fenText, parseFen, parseRate, rateText, timeText, yuanText } from '@/kit/format'
import { t, tx } from '@/kit/i18n'
import type { Choice, Field, Meta, Resource, Row } from '@/kit/meta'
import { titleFor } from '@/kit/titles'

export function choicesOf(meta: Meta | null, field: Field): Choice[] {
  return (field.choices && meta?.choices[field.choices]) || []
}

export function isNumeric(field: Field): boolean {
  return field.type === 'money' || field.type === 'int' || field.type === 'rate' || field.type === 'decimal'
}

export function valueText(field: Field, row: Row, meta: Meta | null, resources: (name: string) => Resource | undefined): string {
  const value = row[field.wire]
  if (value === null || value === undefined || value === '') return ''
  switch (field.type) {
    case 'money': return yuanText(Number(value))
    case 'rate': return rateText(Number(value))
    case 'int': return String(value) + (field.unit ? ' ' + field.unit : '')
    case 'instant': return timeText(String(value))
    case 'bool': return value ? t('rs.yes') : t('rs.no')
    case 'enum':
    case 'states': return tx(choicesOf(meta, field).find((c) => c.code === value)?.label) || String(value)
    case 'ref':
    case 'file': return titleFor(field, row, resources)
    case 'point': return Array.isArray(value) ? value.join(', ') : String(value)
    case 'json':
    case 'rows': return JSON.stringify(value)
    default: return String(value)
  }
}

/** What stands in the input for a value from the server. */
export function toDraft(field: Field, value: unknown): unknown {
  if (value === null || value === undefined) return field.type === 'bool' ? false : field.type === 'rows' ? [] : ''
  if (field.type === 'money') return fenText(Number(value)).replace('−', '-')
  if (field.type === 'rate') return rateText(Number(value)).replace(' %', '').replace('−', '-')
  if (field.type === 'json') return JSON.stringify(value, null, 2)
  if (field.type === 'point') return Array.isArray(value) ? value.join(',') : String(value)
  if (field.type === 'secret') return '' // the mask is not the value
  if (field.type === 'bool') return Boolean(value)
  return field.type === 'rows' ? value : String(value)
}

export class BadInput extends Error {}

/** What goes to the server; null clears. Throws BadInput with a sentence for the person. */
export function fromDraft(field: Field, draft: unknown): unknown {
  if (field.type === 'bool') return Boolean(draft)
  if (field.type === 'rows') return draft
  const text = String(draft ?? '').trim()
  if (text === '') return null
  switch (field.type) {
    case 'money': return must(parseFen(text), 'rs.badMoney')
    case 'rate': return must(parseRate(text), 'rs.badRate')
    case 'int': return must(/^-?\d{1,15}$/.test(text) ? Number(text) : undefined, 'rs.badNumber')
    case 'decimal': return must(/^-?\d+(\.\d+)?$/.test(text) ? text : undefined, 'rs.badNumber')
    case 'json': return parseJson(text)
    case 'point': return text.split(/[,，]/).map((part) => must(Number.isFinite(Number(part)) && part.trim() ? Number(part) : undefined, 'rs.badNumber'))
    default: return text
  }
}

function must<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new BadInput(t(message))
  return value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadInput(t('rs.badJson'))
  }
}
