/*
 * How values look. Money is integer fen all the way: it is cut into text by integer arithmetic, never divided as a float.
 */
import type { Text } from './meta'

export type Locale = 'zh' | 'en'

/** "1,234.50"; the sign in front. */
export function fenText(fen: number | null | undefined): string {
  if (fen === null || fen === undefined) return '—'
  const abs = Math.abs(fen)
  const cents = abs % 100
  const yuan = String((abs - cents) / 100).replace(/\B(?=(\d{3})+$)/g, ',')
  return (fen < 0 ? '−' : '') + yuan + '.' + String(cents).padStart(2, '0')
}

/** "¥1,234.50", "−¥5.00". */
export function yuanText(fen: number | null | undefined): string {
  if (fen === null || fen === undefined) return '—'
  const text = fenText(Math.abs(fen))
  return (fen < 0 ? '−¥' : '¥') + text
}

/** With an explicit plus, for differences. */
export function deltaText(fen: number | null | undefined): string {
  if (fen === null || fen === undefined) return '—'
  return (fen > 0 ? '+' : '') + yuanText(fen)
}

/** For axes only: "12.3万", "1.2M". Not exact, so never used for what is paid. */
export function compactYuan(fen: number, locale: Locale): string {
  const yuan = fen / 100
  const abs = Math.abs(yuan)
  const cut = (value: number) => String(Math.round(value * 10) / 10)
  if (locale === 'zh') {
    if (abs >= 1e8) return cut(yuan / 1e8) + '亿'
    if (abs >= 1e4) return cut(yuan / 1e4) + '万'
    return cut(yuan)
  }
  if (abs >= 1e6) return cut(yuan / 1e6) + 'M'
  if (abs >= 1e3) return cut(yuan / 1e3) + 'k'
  return cut(yuan)
}

export function countText(n: number | null | undefined): string {
  return n === null || n === undefined ? '—' : String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Parts per million as per cent: 50000 → "5 %", 123456 → "12.3456 %". */
export function rateText(ppm: number | null | undefined, digits?: number): string {
  if (ppm === null || ppm === undefined) return '—'
  if (digits !== undefined) return (ppm / 10000).toFixed(digits) + ' %'
  const abs = Math.abs(ppm)
  const rest = String(abs % 10000).padStart(4, '0').replace(/0+$/, '')
  return (ppm < 0 ? '−' : '') + Math.floor(abs / 10000) + (rest ? '.' + rest : '') + ' %'
}

/** The change against a base in per cent with one digit; null when there is no base. */
export function growth(now: number, before: number | null | undefined): number | null {
  if (before === null || before === undefined || before === 0) return null
  return Math.round(((now - before) * 1000) / Math.abs(before)) / 10
}

/** "1,234.5", "¥1,234.50" or "12" → fen; undefined when it is not an amount with at most 2 decimals. */
export function parseFen(text: string): number | undefined {
  const m = /^(-|−)?[¥￥]?\s*(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?$/.exec(text.trim())
  if (!m) return undefined
  const fen = Number(m[2]!.replace(/,/g, '')) * 100 + Number((m[3] ?? '').padEnd(2, '0'))
  return Number.isSafeInteger(fen) ? (m[1] ? -fen : fen) : undefined
}

/** "5", "5 %", "12.3456" per cent → ppm. */
export function parseRate(text: string): number | undefined {
  const m = /^(-|−)?(\d+)(?:\.(\d{1,4}))?\s*%?$/.exec(text.trim())
  if (!m) return undefined
  const ppm = Number(m[2]) * 10000 + Number((m[3] ?? '').padEnd(4, '0'))
  return Number.isSafeInteger(ppm) ? (m[1] ? -ppm : ppm) : undefined
}

const ZONE = 'Asia/Shanghai'
const parts = new Intl.DateTimeFormat('en-CA', {
  timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
})

/** "2026-10-31 16:05" in the company's zone; a plain date stays as it is. */
export function timeText(value: string | null | undefined, seconds = false): string {
  if (!value) return '—'
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return value
  const at = new Date(value)
  if (Number.isNaN(at.getTime())) return value
  const p = Object.fromEntries(parts.formatToParts(at).map((x) => [x.type, x.value]))
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}` + (seconds ? `:${p.second}` : '')
}

/** "2026年10月", "Oct 2026". */
export function monthText(month: string | null | undefined, locale: Locale): string {
  const m = /^(\d{4})-(\d{2})$/.exec(month ?? '')
  if (!m) return month ?? '—'
  if (locale === 'zh') return `${m[1]}年${Number(m[2])}月`
  return new Intl.DateTimeFormat('en', { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${month}-01T00:00:00Z`))
}

/** A text of the server in the language of the reader; the other one rather than nothing. */
export function textOf(text: Text | string | null | undefined, locale: Locale): string {
  if (!text) return ''
  if (typeof text === 'string') return text
  return (locale === 'zh' ? text.zh || text.en : text.en || text.zh) ?? ''
}

/** Cells for a CSV that a spreadsheet opens: a leading = + - @ would be run as a formula there. */
export function csvCell(value: unknown): string {
  let text = value === null || value === undefined ? '' : String(value)
  if (/^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text)) text = "'" + text
  return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text
}
