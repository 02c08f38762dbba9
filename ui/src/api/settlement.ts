/*
 * The shapes of the settlement routes (ui/API.md §4 to §10). The server follows these.
 */
import type { Ref, Text } from '@/kit/meta'

export interface Me {
  org: Ref & { code?: string }
  login: Ref & { totp_on?: boolean; must_change?: boolean }
  person: Ref | null
  roles: { code: string; label: Text }[]
  permissions: string[]
  locale: 'zh' | 'en'
  csrf: string
  log?: { origin: string; vkey: string; path: string } | null
}

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
export interface Job<T = unknown> {
  id: string
  kind: string
  status: JobState
  progress: number
  message: string | null
  result: T | null
  error_code: string | null
  error_detail: string | null
  created_at: string
  due_at?: string | null
  started_at: string | null
  finished_at: string | null
  login?: string | null
  login_name?: string | null
}

export interface Totals {
  sales_fen: number
  collected_fen: number
  refund_fen: number
  orders: number
  customers: number
  people: number
  gross_fen: number
  tax_fen: number
  net_fen: number
  pay_ppm: number | null
}
export interface Mover {
  person: Ref
  unit: Ref
  now_fen: number
  before_fen: number
  delta_fen: number
}
export interface DayFigure {
  date: string
  sales_fen: number
  collected_fen: number
  refund_fen: number
  orders: number
}
export interface MonthFigure {
  month: string
  sales_fen: number
  collected_fen: number
  refund_fen: number
  orders: number
  gross_fen: number
  net_fen: number
}
export interface UnitFigure extends Ref {
  level: string
  people: number
  totals: Totals
  previous: Totals | null
}
export interface PersonFigure extends Ref {
  unit: Ref
  orders: number
  sales_fen: number
  gross_fen: number
  net_fen: number
  statement: string | null
}
export interface Warning {
  code: string
  severity: 'info' | 'warning' | 'danger'
  text: Text
  to: string | null
}
export interface Overview {
  period: Period
  periods: string[]
  unit: (Ref & { level: string }) | null
  path: Ref[]
  totals: Totals
  previous: Totals | null
  by_day: DayFigure[]
  by_month: MonthFigure[]
  children: UnitFigure[]
  people: PersonFigure[]
  movers: { up: Mover[]; down: Mover[] }
  warnings: Warning[]
}

export type PeriodState = 'open' | 'calculated' | 'approved' | 'locked'
export interface Allowed {
  allowed: boolean
  reason?: Text
}
export type PeriodAction = 'calculate' | 'approve' | 'lock' | 'unlock'
export interface Period {
  id: string
  month: string
  from: string
  to: string
  state: PeriodState
  version: number
  snapshot: number | null
  as_of: string | null
  calculated_at: string | null
  calculated_by: Ref | null
  approved_at: string | null
  approved_by: Ref | null
  locked_at: string | null
  locked_by: Ref | null
  unlock_reason: string | null
  plan: { id: string; name: Text; version: number } | null
  root: string | null
  totals: { statements: number; gross_fen: number; tax_fen: number; net_fen: number }
  actions: Record<PeriodAction, Allowed>
}
export interface Change {
  statement: string
  person: Ref
  before_fen: number | null
  after_fen: number | null
  delta_fen: number
  why: Text
}
export interface Changes {
  from: number | null
  to: number
  reason: string | null
  items: Change[]
}

export type StatementState = 'calculated' | 'approved' | 'locked' | 'paid'
export interface Statement {
  id: string
  number: string
  period: string
  person: Ref
  unit: Ref
  state: StatementState
  snapshot: number
  orders: number
  refunds: number
  base_fen: number
  gross_fen: number
  clawback_fen: number
  carry_fen: number
  over_cap_fen: number
  payable_fen: number
  tax_fen: number
  net_fen: number
  previous_net_fen: number | null
  version: number
}
export type ComponentKind = 'earning' | 'deduction' | 'tax' | 'total'
export interface Component {
  code: string
  label: Text
  text?: Text | null
  amount_fen: number
  lines: number
  kind: ComponentKind
}
export interface StatementDetail extends Statement {
  plan: { id: string; name: Text; version: number } | null
  components: Component[]
  proof: { logged: boolean; index: number | null; at: string | null } | null
}
export interface Source {
  resource: string
  id: string
  name: string
}
export interface Line {
  id: string
  component: string
  label: Text
  at: string
  source: Source | null
  detail: string | null
  base_fen: number | null
  amount_fen: number
}
export interface Explain {
  label: Text
  amount_fen?: number | null
  value?: string | null
  rule?: Text | null
  formula?: string | null
  steps?: string | null
  rounding?: { mode: string; from: string; to: string } | null
  sum?: boolean
  source?: Source | null
  children?: Explain[]
  more?: { count: number; amount_fen: number } | null
}

export interface Earnings {
  person: Ref
  as_of: string
  today: { date: string; amount_fen: number; orders: number; lines: number }
  period: {
    month: string
    from: string
    to: string
    state: PeriodState
    gross_fen: number
    tax_fen: number
    net_fen: number
    orders: number
    estimate: boolean
    components: Component[]
    by_day: { date: string; amount_fen: number }[]
  }
  last: Statement | null
}

export interface PlaybookRow {
  id: string
  code: string
  number: number
  name: string
  name_en: string | null
  about_zh: string | null
  about_en: string | null
  status: string
  effective_from: string | null
  published_at: string | null
  published_by_name?: string | null
  sha256: string
}
export interface PlaybookItem {
  id: string
  playbook: string
  section: string
  code: string
  name: string | null
  name_en: string | null
  body: unknown
}
export interface PlanVersion {
  id: string
  code: string
  number: number
  name: string
  name_en: string
  status: string
  effective_from: string
  max_levels: number
  /** The plan file as text; absent in lists. */
  body?: string
  sha256: string
  published_at: string | null
  published_by_name?: string | null
}

export interface Setting {
  key: string
  group: Text
  label: Text
  help: Text | null
  type: 'int' | 'text' | 'bool' | 'enum' | 'money' | 'rate' | 'time' | 'date'
  unit: string | Text | null
  min: number | null
  max: number | null
  options: { value: string; label: Text }[] | null
  value: unknown
  default: unknown
  version: number
}

export interface ImportResult {
  dry_run: boolean
  rows: number
  good: number
  bad: number
  created: number
  updated: number
  skipped: number
  errors: { row: number; column: string; field: string; value: string; code: string; message: string }[]
  errors_total: number
  error_sheet: string | null
  totals: { code: string; label: Text; unit: 'fen' | 'count'; file: number; stored: number | null }[]
}
