/*
 * A stand-in for the server while pages are built: invented people, real shapes (API.md), the real content security policy. Never shipped.
 *
 *     node dev/mock.mjs [port] [seconds]      serves ui/dist; ends by itself after `seconds` (default 900)
 *
 * Logins: hq, finance, supervisor, promoter; password demo-2026. State lives in memory.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Log, logStatement } from './log.mjs'
import { choices, resources } from './mock-meta.mjs'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const T = (zh, en) => ({ zh, en })
let seed = 42
const rnd = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n }
const pick = (list) => list[rnd(list.length)]

/* ---------------------------------------------------------------- people and sales */
const SURNAMES = '王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗'
const GIVEN = ['伟', '芳', '娜', '秀英', '敏', '静', '丽', '强', '磊', '洋', '艳', '勇', '军', '杰', '娟', '涛', '明', '超', '秀兰', '霞', '平', '刚', '桂英', '子涵', '雨桐', '浩然', '欣怡', '梓轩']
const regions = ['华东大区', '华南大区', '华北大区', '西南大区'].map((name, i) => ({ id: String(11 + i), name, level: 'middle', parent: '1' }))
const squads = regions.flatMap((r, i) => ['高校组', '社区组', '商圈组'].map((n, j) => ({ id: String(101 + i * 3 + j), name: r.name.slice(0, 2) + n, level: 'execution', parent: r.id })))
const units = [{ id: '1', name: '奇兵示范公司', level: 'core', parent: null }, ...regions, ...squads]
const people = Array.from({ length: 48 }, (_, i) => ({ id: String(1001 + i), number: 'P' + String(i + 1).padStart(4, '0'), name: SURNAMES[rnd(20)] + pick(GIVEN), unit: squads[i % squads.length].id }))
const months = ['2025-10', '2025-11', '2025-12', '2026-01', '2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07', '2026-08', '2026-09', '2026-10']
const unitRef = (id) => { const u = units.find((x) => x.id === id); return u ? { id: u.id, name: u.name } : null }
const personRef = (p) => ({ id: p.id, name: p.name })
function month(p, m) {
  const s = Math.floor(300000 + ((Number(p.id) * 7919 + months.indexOf(m) * 104729) % 2600000) * (1 + months.indexOf(m) * 0.04))
  const refund = (Number(p.id) + months.indexOf(m)) % 4 === 0 ? Math.floor(s / 19) : 0
  const collected = s - Math.floor(s / 23)
  const base = collected - refund
  const tier = Math.round(base * 0.05) + Math.max(0, Math.round((base - 1500000) * 0.03))
  const process = 2000 * (1 + (Number(p.id) % 9)), override = Number(p.id) % 6 === 0 ? Math.round(base * 0.004) : 0
  const clawback = Number(p.id) % 7 === 0 ? 1250 : 0
  const gross = tier + process + override
  const payable = gross - clawback
  const tax = payable > 80000 ? Math.round((payable - 80000) * 0.2) : 0
  return { sales_fen: s, collected_fen: collected, refund_fen: refund, orders: 8 + (s % 37), refunds: refund ? 2 : 0, base_fen: base, tier, process, override, clawback, gross_fen: gross, payable, tax_fen: tax, net_fen: payable - tax }
}
function totals(list, m) {
  if (!months.includes(m)) return null
  const t = { sales_fen: 0, collected_fen: 0, refund_fen: 0, orders: 0, customers: 0, people: list.length, gross_fen: 0, tax_fen: 0, net_fen: 0, pay_ppm: null }
  for (const p of list) { const x = month(p, m); for (const k of ['sales_fen', 'collected_fen', 'refund_fen', 'orders', 'gross_fen', 'tax_fen', 'net_fen']) t[k] += x[k] }
  t.customers = Math.round(t.orders * 0.7)
  t.pay_ppm = t.collected_fen ? Math.round((t.gross_fen * 1e6) / t.collected_fen) : null
  return t
}
const under = (id) => (id === '1' || !id ? people : people.filter((p) => p.unit === id || units.find((u) => u.id === p.unit)?.parent === id))

/* ---------------------------------------------------------------- periods, statements, log */
const origin = 'localhost/log/demo'
const log = new Log(origin, createHash('sha256').update('demo key').digest())
const planText = JSON.stringify({
  name: 'ditui-month', title: T('地推月度方案', 'Field month plan'), text: T('回款越多，比例越高；有效线索与拜访另有补贴；退款按原提成扣回。', 'The more is collected the higher the rate; leads and visits are paid; refunds are taken back.'), effective: '2026-10-01',
  components: [
    { name: 'collected', title: T('实收金额', 'Collected'), text: T('订单金额乘以到账比例，四舍五入到分。', 'Amount times the share collected, rounded to the fen.'), kind: 'formula', table: 'orders', formula: 'amount * paid', rounding: 'half_up' },
    { name: 'tier', title: T('阶梯提成', 'Tiered commission'), text: T('当月累计回款 15,000 元以内按 5 %，超出部分按 8 %。', '5 % up to 15,000 yuan collected in the month, 8 % of what is above.'), kind: 'tiers', table: 'orders', basis: 'base', by: ['promoter', 'category'], tiers: 'plan_tiers', rounding: 'half_up' },
    { name: 'process', title: T('过程奖励', 'Process reward'), text: T('每条有效线索 2 元，每次有效拜访 0.80 元，每天各计 20 次。', '2 yuan a valid lead, 0.80 a valid visit, 20 of each a day.'), kind: 'sum', table: 'people', formula: 'min(leads, 20) * 2.00 + min(visits, 20) * 0.80' },
    { name: 'override', title: T('团队管理奖', 'Team override'), text: T('直属成员提成的 5 %。', '5 % of the direct members’ commission.'), kind: 'override', table: 'people', levels: [{ rate: '5 %' }] },
    { name: 'tax', title: T('劳务报酬个税', 'Withholding tax'), text: T('按劳务报酬预扣预缴。', 'Withheld as labour remuneration.'), kind: 'formula', table: 'people', formula: 'case payable <= 800.00 -> 0; payable <= 4000.00 -> (payable - 800.00) * 20 %; else -> payable * 80 % * 20 %', rounding: 'half_up' },
  ],
  tables: { plan_tiers: { columns: ['floor', 'rate'], rows: [['0.00', '5 %'], ['15,000.00', '8 %']] } }, limits: { max_levels: 1 },
}, null, 1)
for (let i = 0; i < 300; i++) log.commit('order', 'x', '2026-09', { n: i })
const periods = months.slice().reverse().map((m, i) => ({ id: String(500 + i), month: m, from: m + '-01', to: m + '-31', state: i === 0 ? 'calculated' : 'locked', version: 3, snapshot: i === 0 ? 2 : 1, as_of: '2026-11-01T09:00:00Z', calculated_at: '2026-11-01T09:00:12Z', calculated_by: { id: '3', name: '陈会计' }, approved_at: i ? '2026-11-01T10:00:00Z' : null, approved_by: i ? { id: '2', name: '林总监' } : null, locked_at: i ? '2026-11-01T11:00:00Z' : null, locked_by: i ? { id: '3', name: '陈会计' } : null, unlock_reason: i === 0 ? '三笔退款漏录' : null, plan: { id: '900', name: T('地推月度方案', 'Field month plan'), version: 3 }, root: 'q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq8=' }))
function period(p, me) {
  const t = p.state === 'open' ? { gross_fen: 0, tax_fen: 0, net_fen: 0 } : totals(people, p.month)
  const no = (zh, en) => ({ allowed: false, reason: T(zh, en) })
  const may = (perm) => me.permissions.includes(perm)
  return { ...p, totals: { statements: p.state === 'open' ? 0 : people.length, gross_fen: t.gross_fen, tax_fen: t.tax_fen, net_fen: t.net_fen }, actions: {
    calculate: !may('period.calculate') ? no('没有计算权限', 'You may not calculate') : p.state === 'open' || p.state === 'calculated' ? { allowed: true } : no('已审批，请先解锁', 'Already approved; unlock first'),
    approve: p.state !== 'calculated' ? no('还没有可审批的结果', 'Nothing to approve yet') : !may('period.approve') ? no('没有审批权限', 'You may not approve') : p.calculated_by?.id === me.login.id ? no('须由另一位同事审批', 'Another person must approve') : { allowed: true },
    lock: p.state === 'approved' && may('period.lock') ? { allowed: true } : no('审批通过后才能锁定', 'Approve first'),
    unlock: p.state === 'locked' && may('period.unlock') ? { allowed: true } : no('没有解锁权限', 'You may not unlock'),
  } }
}
const statements = months.slice(-3).flatMap((m) => people.map((p, i) => {
  const x = month(p, m)
  const last = m === months.at(-1)
  return { id: m.replace('-', '') + String(i).padStart(3, '0'), number: `${m}-${String(i + 1).padStart(4, '0')}`, period: m, person: personRef(p), unit: unitRef(p.unit), snapshot: last ? 2 : 1, orders: x.orders, refunds: x.refunds, base_fen: x.base_fen, gross_fen: x.gross_fen, clawback_fen: x.clawback, carry_fen: 0, over_cap_fen: 0, payable_fen: x.payable, tax_fen: x.tax_fen, net_fen: x.net_fen, previous_net_fen: last ? x.net_fen + (i % 9 === 0 ? 3150 : 0) : null, version: 1, x, p }
})).reverse()
const stateOf = (s) => periods.find((p) => p.month === s.period).state === 'locked' ? (s.period < '2026-09' ? 'paid' : 'locked') : periods.find((p) => p.month === s.period).state
const outStatement = ({ x, p, ...s }) => ({ ...s, state: stateOf(s) })
const logged = new Map()
for (const s of statements.filter((y) => y.period === '2026-09').slice(0, 48)) {
  logged.set(s.id, logStatement(log, createHash('sha256').update(s.p.id).digest('hex'), s.period, { kind: 'statement', number: s.number, period: s.period, net_fen: s.net_fen }, Array.from({ length: 3 }, (_, i) => ({ order: s.number + i })), planText))
}
const COMPONENTS = [['tier', '阶梯提成', 'Tiered commission', '累计回款 15,000 元以内按 5 %，超出部分按 8 %。', '5 % up to 15,000 yuan collected, 8 % above.', 'earning'], ['process', '过程奖励', 'Process reward', '每条有效线索 2 元，每次有效拜访 0.80 元。', '2 yuan a lead, 0.80 a visit.', 'earning'], ['override', '团队管理奖', 'Team override', '直属成员提成的 5 %。', '5 % of the members’ commission.', 'earning'], ['clawback', '退款扣回', 'Clawback', '上月已提成订单的退款，按原提成扣回。', 'Commission on refunded orders of last month.', 'deduction'], ['tax', '代扣个税', 'Tax withheld', '按劳务报酬预扣。', 'Withheld as labour remuneration.', 'tax'], ['net', '实发', 'Net', '', '', 'total']]
const components = (x) => COMPONENTS.map(([code, zh, en, tzh, ten, kind]) => ({ code, label: T(zh, en), text: tzh ? T(tzh, ten) : null, kind, lines: code === 'tier' ? 8 : code === 'process' ? 4 : 0, amount_fen: { tier: x.tier, process: x.process, override: x.override, clawback: -x.clawback, tax: -x.tax_fen, net: x.net_fen }[code] }))
function lines(s) {
  const out = []
  const cut = (total, n, i) => (i === n - 1 ? total - Math.floor(total / n) * (n - 1) : Math.floor(total / n))
  const goods = ['白色心形蜡烛托', '复古搪瓷杯', '手工编织篮', '陶瓷调味罐']
  for (let i = 0; i < 8; i++) out.push({ id: 't' + i, component: 'tier', label: T('阶梯提成', 'Tiered commission'), at: `${s.period}-${String(3 + i * 3).padStart(2, '0')}T10:2${i}:00+08:00`, source: { resource: 'order_line', id: '1' + i, name: `INV-${536365 + i} / 8512${i}A` }, detail: goods[i % 4], base_fen: cut(s.x.base_fen, 8, i), amount_fen: cut(s.x.tier, 8, i) })
  for (let i = 0; i < 4; i++) out.push({ id: 'p' + i, component: 'process', label: T('过程奖励', 'Process reward'), at: `${s.period}-${String(5 + i * 6).padStart(2, '0')}`, source: { resource: 'activity', id: '2' + i, name: `${s.period}-${String(5 + i * 6).padStart(2, '0')} 有效线索` }, detail: null, base_fen: null, amount_fen: cut(s.x.process, 4, i) })
  return out
}
const yuan = (f) => (f / 100).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',')
function lineTree(l, s) {
  const d = 100 + (Number(l.id.slice(1)) * 37) % 400
  return { label: l.label, amount_fen: l.amount_fen, rule: T('累计回款 15,000 元以内按 5 %，超出部分按 8 %。', '5 % up to 15,000 yuan collected, 8 % above.'), formula: 'round(tiers(before + base) - tiers(before), 2)', steps: `F(${yuan(l.base_fen ?? 0)}) − F(0.00) = ${yuan(l.amount_fen)}`, rounding: { mode: 'half_up', from: yuan(l.amount_fen) + '4', to: yuan(l.amount_fen) }, sum: true, source: l.source, children: [
    { label: T('5 % 段', '5 % part'), amount_fen: l.amount_fen - d, steps: `${yuan(l.base_fen ?? 0)} × 5 % = ${yuan(l.amount_fen - d)}`, children: [{ label: T('实收金额', 'Collected'), amount_fen: l.base_fen, source: l.source, rule: T('订单金额乘以到账比例，减退款。', 'Amount times the share collected, less refunds.') }, { label: T('比例', 'Rate'), value: '5 %' }] },
    { label: T('8 % 段', '8 % part'), amount_fen: d, children: [{ label: T('超出 15,000 元部分', 'Above 15,000 yuan'), amount_fen: d * 12 }, { label: T('比例', 'Rate'), value: '8 %' }] }] }
}
function explain(s, q) {
  const all = lines(s)
  if (q.get('line')) return lineTree(all.find((l) => l.id === q.get('line')) ?? all[0], s)
  const comp = (code) => { const c = components(s.x).find((y) => y.code === code); const mine = all.filter((l) => l.component === code); return { label: c.label, amount_fen: c.amount_fen, rule: c.text, sum: mine.length > 0, children: mine.length ? mine.map((l) => ({ ...lineTree(l, s), label: T(l.source.name, l.source.name) })) : code === 'tax' ? [{ label: T('应付', 'Payable'), amount_fen: s.payable_fen }, { label: T('免征额', 'Allowance'), amount_fen: 80000 }, { label: T('税率', 'Rate'), value: '20 %' }] : [] } }
  if (q.get('component')) return comp(q.get('component'))
  return { label: T('实发', 'Net pay'), amount_fen: s.net_fen, sum: true, rule: T('应发减扣回，减代扣个税。', 'Gross less clawback, less tax.'), children: ['tier', 'process', 'override', 'clawback', 'tax'].map(comp) }
}

/* ---------------------------------------------------------------- jobs, rows, settings */
const jobs = []
function job(kind, seconds, me, finish) {
  const j = { id: String(7000 + jobs.length), kind, status: 'running', progress: 0, message: null, result: null, error_code: null, error_detail: null, created_at: new Date().toISOString(), started_at: new Date().toISOString(), finished_at: null, login: me.login.id, login_name: me.person?.name ?? me.login.name, begin: Date.now(), seconds, finish }
  jobs.unshift(j)
  return j
}
function outJob(j) {
  const part = Math.min(1, (Date.now() - j.begin) / (j.seconds * 1000))
  if (j.status === 'running') {
    j.progress = Math.floor(part * 1000)
    j.message = `${Math.floor(part * 48)} / 48`
    if (part === 1) { j.status = 'done'; j.finished_at = new Date().toISOString(); j.result = j.finish?.() ?? null }
  }
  const { begin, seconds, finish, ...out } = j
  return out
}
const fresh = (id, more) => ({ id: String(id), version: 1, created_at: '2026-09-01T02:00:00Z', archived_at: null, ...more })
const rows = {
  units: units.map((u, i) => fresh(u.id, { parent: u.parent, parent_name: unitRef(u.parent)?.name, code: 'U' + i, name: u.name, level: u.level, kind: u.level === 'execution' ? 'squad' : u.level === 'middle' ? 'region' : 'hq', planned: 5, sort: i })),
  people: people.map((p, i) => fresh(p.id, { number: p.number, name: p.name, kind: 'part_time', status: i % 11 === 0 ? 'paused' : 'active', unit: p.unit, unit_name: unitRef(p.unit).name, leader: i > 5 ? people[i % 6].id : null, leader_name: i > 5 ? people[i % 6].name : null, rank: 1 + (i % 4), joined_on: `2025-0${1 + (i % 9)}-1${i % 10}`, phone: '138****' + String(1000 + i) })),
  customers: Array.from({ length: 320 }, (_, i) => fresh(20000 + i, { number: String(12346 + i), name: i % 3 ? SURNAMES[rnd(20)] + pick(GIVEN) : pick(['晨光', '海棠', '四季', '好邻居', '小满']) + pick(['便利店', '文具社', '花坊', '食品商行']), kind: i % 3 ? 'personal' : 'business', promoter: people[i % 48].id, promoter_name: people[i % 48].name, region: pick(['上海', '杭州', '广州', '成都', '北京']), phone: '139****' + String(2000 + i), note: '' })),
  products: Array.from({ length: 60 }, (_, i) => fresh(3000 + i, { code: '8512' + i, name: pick(['白色', '复古', '手工', '北欧']) + pick(['蜡烛托', '搪瓷杯', '编织篮', '调味罐', '收纳盒']), category: String(1 + (i % 8)), spiff_fen: (i % 4) * 50, sellable: i % 9 !== 0 })),
  orders: Array.from({ length: 400 }, (_, i) => fresh(40000 + i, { order_no: String(536365 + i), kind: i % 13 === 0 ? 'cancellation' : 'sale', source: 'import', ordered_at: `2026-10-${String(1 + (i % 28)).padStart(2, '0')}T0${i % 9}:15:00Z`, customer: String(20000 + (i % 320)), customer_name: '客户 ' + (12346 + (i % 320)), promoter: people[i % 48].id, promoter_name: people[i % 48].name, unit: people[i % 48].unit, unit_name: unitRef(people[i % 48].unit).name, lines: 1 + (i % 6), amount_fen: (i % 13 === 0 ? -1 : 1) * (1999 + i * 731), collected_fen: i % 13 === 0 ? 0 : 1999 + i * 731, refunded_fen: 0 })),
  logins: ['hq', 'finance', 'supervisor', 'promoter'].map((n, i) => fresh(2 + i, { name: n, person: people[i].id, person_name: people[i].name, status: 'active', locale: 'zh', must_change: false, totp_on: false, last_at: '2026-11-20T08:00:00Z' })),
}
const settings = [
  { key: 'org.week_start', group: T('日历', 'Calendar'), label: T('每周第一天', 'First day of the week'), help: null, type: 'enum', unit: null, min: null, max: null, options: [{ value: 'mon', label: T('星期一', 'Monday') }, { value: 'sun', label: T('星期日', 'Sunday') }], value: 'mon', default: 'mon', version: 1 },
  { key: 'settlement.pay_day', group: T('结算', 'Settlement'), label: T('每月发薪日', 'Pay day of the month'), help: T('上月薪酬最迟在这一天发放。', 'Last month is paid by this day.'), type: 'int', unit: T('日', 'day'), min: 1, max: 28, options: null, value: 5, default: 5, version: 1 },
  { key: 'settlement.cap', group: T('结算', 'Settlement'), label: T('单人月度上限', 'Cap per person and month'), help: T('超出部分不发放，写入明细。', 'What is above is not paid and is shown.'), type: 'money', unit: null, min: 0, max: 100000000, options: null, value: 2000000, default: 2000000, version: 2 },
  { key: 'sign_in.two_factor', group: T('安全', 'Security'), label: T('财务须用动态验证码', 'Finance needs a one-time code'), help: null, type: 'bool', unit: null, min: null, max: null, options: null, value: false, default: false, version: 1 },
]
const playbooks = [['ditui', '地推小队', 'Field squads', '城市地推：三级组织、日报、阶梯提成与捆绑奖。'], ['weishang', '微商团队', 'Social sellers', '八个部门、代理层级受限、素材与培训。']].map(([code, name, name_en, about], i) => fresh(800 + i, { code, number: 2, name, name_en, about_zh: about, about_en: 'Policy of ' + name_en + '.', status: 'published', effective_from: '2026-10-01', published_at: '2026-09-25T03:00:00Z', sha256: 'ab'.repeat(32) }))
const playbookItems = [['roles', 'specialist', '地推专员', 'Promotion specialist', '每日拜访，收集需求，下班前提交拜访表。'], ['roles', 'recorder', '信息记录员', 'Information recorder', '实时汇总客户信息，标出高意向与风险。'], ['roles', 'logistics', '后勤支持', 'Logistics support', '提前调配物料、场地与设备。'], ['duties', 'visit_summary', '拜访小结', 'Visit summary', '拜访结束后两小时内提交。']].map(([section, code, name, name_en, text], i) => fresh(850 + i, { playbook: '800', section, code, name, name_en, body: { text: T(text, text) } }))
const plans = [fresh(900, { code: 'ditui-month', number: 3, name: '地推月度方案', name_en: 'Field month plan', status: 'published', effective_from: '2026-10-01', max_levels: 1, sha256: 'cd'.repeat(32), published_at: '2026-09-25T03:00:00Z', published_by_name: '林总监', body: planText }), fresh(901, { code: 'ditui-month', number: 4, name: '地推月度方案', name_en: 'Field month plan', status: 'draft', effective_from: '2026-12-01', max_levels: 1, sha256: 'ef'.repeat(32), published_at: null, body: planText })]

/* ---------------------------------------------------------------- who */
const ALL = ['overview.read', 'period.read', 'period.calculate', 'period.approve', 'period.lock', 'period.unlock', 'statement.read', 'order.import', 'order.read', 'playbook.read', 'plan.read', 'job.read', 'setting.read', 'setting.update', 'earnings.read']
const users = {
  hq: { id: '2', person: { id: '9002', name: '林总监' }, role: T('总部', 'Head office'), permissions: ALL },
  finance: { id: '3', person: { id: '9003', name: '陈会计' }, role: T('财务', 'Finance'), permissions: ALL.filter((p) => p !== 'period.approve') },
  supervisor: { id: '4', person: { id: '9004', name: '周主管' }, role: T('主管', 'Supervisor'), permissions: ['overview.read', 'statement.read', 'order.read', 'playbook.read', 'plan.read', 'earnings.read'] },
  promoter: { id: '5', person: personRef(people[0]), role: T('推广员', 'Promoter'), permissions: ['earnings.read', 'order.read', 'plan.read'] },
}
const meOf = (name) => ({ org: { id: '1', name: '奇兵示范公司', code: 'demo' }, login: { id: users[name].id, name }, person: users[name].person, roles: [{ code: name, label: users[name].role }], permissions: users[name].permissions, locale: 'zh', csrf: 'csrf-' + name, log: { origin, vkey: log.vkey, path: '/log/demo' } })
const READ = { promoter: ['orders', 'customers'], supervisor: ['people', 'orders', 'customers', 'units'] }
function metaOf(name) {
  const list = resources.filter((r) => !READ[name] || READ[name].includes(r.route))
  if (name === 'hq' || name === 'finance') return { resources: list, choices }
  return { resources: list.map((r) => ({ ...r, operations: { list: r.operations.list, get: r.operations.get }, commands: [] })), choices }
}

/* ---------------------------------------------------------------- http */
const problem = (status, code, detail, errors = []) => ({ status, problem: { type: 'about:blank', title: code, status, code, detail, errors } })
class Stop extends Error { constructor(answer) { super(); this.answer = answer } }
const need = (me, p) => { if (!me.permissions.includes(p)) throw new Stop(problem(403, 'forbidden', '没有权限')) }
const page = (list, q, map = (x) => x) => { const from = Number(q.get('after') ?? 0), n = Number(q.get('limit') ?? 50); return { items: list.slice(from, from + n).map(map), next: from + n < list.length ? String(from + n) : null, total: list.length } }
function sorted(list, q) {
  const key = q.get('sort')?.replace('-', '')
  return key ? list.slice().sort((a, b) => (a[key] ?? a[key + '_fen'] ?? 0) < (b[key] ?? b[key + '_fen'] ?? 0) ? (q.get('sort')[0] === '-' ? 1 : -1) : q.get('sort')[0] === '-' ? -1 : 1) : list
}
function filtered(list, q, resource) {
  for (const [k, v] of q) {
    if (['limit', 'after', 'sort', 'format', 'archived'].includes(k)) continue
    if (k === 'q') { list = list.filter((r) => JSON.stringify(Object.values(r)).includes(v)); continue }
    const [name, side] = k.split('.')
    const wire = resource?.fields.find((f) => f.name === name)?.wire ?? name
    list = list.filter((r) => side === 'from' ? r[wire] >= (isNaN(v) ? v : Number(v)) : side === 'to' ? r[wire] <= (isNaN(v) ? v : Number(v)) : v.split(',').includes(String(r[wire])))
  }
  return q.get('archived') ? list : list.filter((r) => !r.archived_at)
}

function overview(q) {
  const m = q.get('period') || '2026-10', id = q.get('unit')
  const i = months.indexOf(m)
  const unit = id && id !== '1' ? units.find((u) => u.id === id) : null
  const list = under(unit?.id)
  const deltas = list.map((p) => ({ person: personRef(p), unit: unitRef(p.unit), now_fen: month(p, m).collected_fen, before_fen: i > 0 ? month(p, months[i - 1]).collected_fen : 0 })).map((x) => ({ ...x, delta_fen: x.now_fen - x.before_fen })).sort((a, b) => b.delta_fen - a.delta_fen)
  const all = totals(list, m)
  const weight = (d) => 20 + ((d * 37) % 23) + (d % 7 > 4 ? 14 : 0)
  const sum = Array.from({ length: 31 }, (_, d) => weight(d)).reduce((a, b) => a + b)
  const path = unit ? [unitRef('1'), ...(unit.level === 'execution' ? [unitRef(unit.parent)] : [])] : []
  return { period: null, periods: months.slice().reverse(), unit: unit ? { id: unit.id, name: unit.name, level: unit.level } : null, path, totals: all, previous: totals(list, months[i - 1]),
    by_day: Array.from({ length: 31 }, (_, d) => ({ date: `${m}-${String(d + 1).padStart(2, '0')}`, sales_fen: Math.floor((all.sales_fen * weight(d)) / sum), collected_fen: Math.floor((all.collected_fen * weight(d + 1)) / sum), refund_fen: d % 5 === 0 ? Math.floor(all.refund_fen / 7) : 0, orders: Math.floor(all.orders / 31) })),
    by_month: months.slice(0, i + 1).map((x) => { const t = totals(list, x); return { month: x, sales_fen: t.sales_fen, collected_fen: t.collected_fen, refund_fen: t.refund_fen, orders: t.orders, gross_fen: t.gross_fen, net_fen: t.net_fen } }),
    children: units.filter((u) => u.parent === (unit?.id ?? '1')).map((u) => ({ id: u.id, name: u.name, level: u.level, people: under(u.id).length, totals: totals(under(u.id), m), previous: totals(under(u.id), months[i - 1]) })).sort((a, b) => b.totals.collected_fen - a.totals.collected_fen),
    people: unit?.level === 'execution' ? list.map((p) => { const x = month(p, m); return { ...personRef(p), unit: unitRef(p.unit), orders: x.orders, sales_fen: x.sales_fen, gross_fen: x.gross_fen, net_fen: x.net_fen, statement: statements.find((s) => s.period === m && s.p.id === p.id)?.id ?? null } }) : [],
    movers: { up: deltas.filter((x) => x.delta_fen > 0).slice(0, 5), down: deltas.filter((x) => x.delta_fen < 0).reverse().slice(0, 5) },
    warnings: unit ? [] : [{ code: 'unmatched', severity: 'warning', text: T('有 12 笔取消单没有找到对应的销售，未计入扣回。', '12 cancellations match no sale and are not taken back.'), to: '/r/orders' }] }
}
function importResult(dry, orders, text = 'abc') {
  const bad = /abc/.test(text)
  if (!dry && bad) dry = true
  const total = (code, zh, en, unit, n) => ({ code, label: T(zh, en), unit, file: n, stored: dry ? null : n })
  return { dry_run: dry, rows: 1043, good: bad ? 1040 : 1043, bad: bad ? 3 : 0, created: dry ? 0 : 1032, updated: 0, skipped: dry ? 0 : 8, errors: !bad ? [] : [{ row: 17, column: 'UnitPrice', field: 'unit_price', value: 'abc', code: 'parse', message: '不是有效的数字' }, { row: 230, column: 'InvoiceDate', field: 'ordered_at', value: '2026-13-01', code: 'parse', message: '日期不存在' }, { row: 611, column: 'Quantity', field: 'quantity', value: '', code: 'required', message: '必填' }], errors_total: bad ? 3 : 0, error_sheet: null, totals: orders ? [total('orders', '订单数', 'Orders', 'count', 388), total('sales', '销售额', 'Sales', 'fen', 48213377), total('cancelled', '取消额', 'Cancelled', 'fen', -812250), total('net', '净额', 'Net', 'fen', 47401127)] : [] }
}

function api(method, path, q, me, body, name, raw, ifMatch) {
  const [a, b, c] = path.split('/').slice(1)
  if (a === 'me' && !b) return me
  if (a === 'meta') return metaOf(name)
  if (a === 'overview') { need(me, 'overview.read'); const o = overview(q); return { ...o, period: period(periods.find((p) => p.month === (q.get('period') || '2026-10')) ?? periods[0], me) } }
  if (a === 'periods') {
    need(me, 'period.read')
    if (!b) return page(periods, q, (p) => period(p, me))
    const p = periods.find((x) => x.id === b)
    if (!p) throw new Stop(problem(404, 'not_found', ''))
    if (method === 'GET' && !c) return period(p, me)
    if (c === 'changes') return { from: 1, to: p.snapshot, reason: p.unlock_reason, items: statements.filter((s) => s.period === p.month && s.previous_net_fen !== s.net_fen && s.previous_net_fen !== null).map((s) => ({ statement: s.id, person: s.person, before_fen: s.previous_net_fen, after_fen: s.net_fen, delta_fen: s.net_fen - s.previous_net_fen, why: T('补录退款 INV-536371，扣回提成', 'Refund INV-536371 entered; commission taken back') })) }
    const allowed = period(p, me).actions[c]
    if (!allowed.allowed) throw new Stop(problem(409, 'state', allowed.reason.zh))
    if (c !== 'calculate' && body.version !== p.version) throw new Stop(problem(412, 'version', '数据已更新，请刷新后重试'))
    p.version++
    if (c === 'calculate') return { status: 202, body: { job: job('period.calculate', 3, me, () => { p.state = 'calculated'; p.calculated_by = { id: me.login.id, name: me.person.name }; p.calculated_at = new Date().toISOString(); p.snapshot++ }).id } }
    const at = new Date().toISOString(), by = { id: me.login.id, name: me.person.name }
    if (c === 'approve') Object.assign(p, { state: 'approved', approved_at: at, approved_by: by })
    if (c === 'lock') Object.assign(p, { state: 'locked', locked_at: at, locked_by: by })
    if (c === 'unlock') Object.assign(p, { state: 'open', unlock_reason: body.reason })
    return period(p, me)
  }
  if (a === 'jobs') { need(me, 'job.read'); if (b) { const j = jobs.find((x) => x.id === b); if (!j) throw new Stop(problem(404, 'not_found', '')); return outJob(j) } return page(jobs.length ? jobs : [job('period.calculate', 0.01, me), job('order.import', 0.01, me)], q, outJob) }
  if (a === 'statements') {
    const mine = (s) => me.permissions.includes('statement.read') || s.person.id === me.person.id
    if (!b) return page(sorted(statements.filter((s) => mine(s) && (!q.get('period') || s.period === q.get('period')) && (!q.get('person') || q.get('person') !== 'me' || s.person.id === me.person.id) && (!q.get('q') || (s.person.name + s.number).includes(q.get('q')))), q), q, outStatement)
    const s = statements.find((x) => x.id === b && mine(x))
    if (!s) throw new Stop(problem(404, 'not_found', '没有找到'))
    if (!c) return { ...outStatement(s), plan: { id: '900', name: T('地推月度方案', 'Field month plan'), version: 3 }, components: components(s.x), proof: { logged: logged.has(s.id), index: logged.get(s.id)?.statement.index ?? null, at: null } }
    if (c === 'lines') return page(lines(s).filter((l) => !q.get('component') || l.component === q.get('component')), q)
    if (c === 'explain') return explain(s, q)
    if (c === 'zip') { if (!logged.has(s.id)) throw new Stop(problem(404, 'not_found', '还没有写入日志')); return { bytes: Buffer.from(log.zip(logged.get(s.id))), type: 'application/zip', name: `statement-${s.number}.zip` } }
  }
  if (a === 'me' && b === 'earnings') {
    need(me, 'earnings.read')
    const p = people.find((x) => x.id === me.person.id) ?? people[3]
    const s = statements.find((x) => x.period === '2026-10' && x.p.id === p.id)
    if (c === 'lines') return page(lines(s).filter((l) => (!q.get('component') || l.component === q.get('component')) && (!q.get('day') || l.at.slice(0, 10) === q.get('day'))), q)
    if (c === 'explain') return explain(s, q)
    return { person: personRef(p), as_of: '2026-10-24T10:00:00+08:00', today: { date: '2026-10-24', amount_fen: 8650, orders: 4, lines: 6 }, period: { month: '2026-10', from: '2026-10-01', to: '2026-10-31', state: 'open', gross_fen: s.gross_fen, tax_fen: s.tax_fen, net_fen: s.net_fen, orders: s.orders, estimate: true, components: components(s.x), by_day: Array.from({ length: 24 }, (_, d) => ({ date: `2026-10-${String(d + 1).padStart(2, '0')}`, amount_fen: ((d * 7919) % 9000) + 1500 })) }, last: outStatement(statements.find((x) => x.period === '2026-09' && x.p.id === p.id)) }
  }
  if (a === 'settings') { need(me, 'setting.read'); if (method === 'PATCH') { need(me, 'setting.update'); const s = settings.find((x) => x.key === b); if (s.type === 'int' && (body.value < s.min || body.value > s.max)) throw new Stop(problem(400, 'invalid', '请求内容有误', [{ field: 'value', code: 'range', message: `应在 ${s.min} 至 ${s.max} 之间` }])); s.value = body.value; s.version++; return s } return page(settings, q) }
  if (a === 'playbooks') { need(me, 'playbook.read'); return page(playbooks, q) }
  if (a === 'playbook-items') return page(playbookItems.filter((i) => i.playbook === q.get('playbook')), q)
  if (a === 'plan-versions') return b ? plans.find((p) => p.id === b) : page(plans, q, ({ body: _, ...p }) => p)
  if (a === 'orders' && b === 'import') return q.get('dry_run') ? importResult(true, true, raw) : { status: 202, body: { job: job('order.import', 3, me, () => importResult(false, true, raw)).id } }
  const r = metaOf(name).resources.find((x) => x.route === a)
  if (!r) throw new Stop(problem(404, 'not_found', ''))
  const list = rows[a] ?? []
  if (!b && method === 'GET') return page(sorted(filtered(list, q, r), q), q)
  if (b === 'export') return { bytes: Buffer.from('\ufeff' + JSON.stringify(list.slice(0, 3))), type: 'text/csv', name: a + '.' + q.get('format') }
  if (b === 'import') return importResult(!!q.get('dry_run'), false, raw)
  if (b === 'bulk') return { done: body.ids.length, failed: [] }
  if (!b) { if (!body.name && r.fields.find((f) => f.name === 'name')) throw new Stop(problem(400, 'invalid', '请求内容有误', [{ field: 'name', code: 'required', message: '必填' }])); const row = fresh(90000 + list.length, body); list.unshift(row); return { status: 201, body: row } }
  const row = list.find((x) => x.id === b)
  if (!row) throw new Stop(problem(404, 'not_found', ''))
  if (!c && method === 'GET') return row
  if (c === 'history') return { items: [{ at: '2026-10-12T03:00:00Z', by: { id: '2', name: '林总监' }, operation: 'update', changes: [{ field: r.title, before: '旧名称', after: row[r.title] }] }, { at: row.created_at, by: null, operation: 'create', changes: [] }] }
  if (['PATCH'].includes(method) || c === 'archive' || c === 'restore') if (ifMatch !== `"${row.version}"`) throw new Stop(problem(412, 'version', '数据已更新，请刷新后重试'))
  if (!c) { if (String(body.name ?? '').includes('错')) throw new Stop(problem(400, 'invalid', '请求内容有误', [{ field: 'name', code: 'unique', message: '名称已被使用' }])); Object.assign(row, body); row.version++; return row }
  if (c === 'archive') { row.archived_at = new Date().toISOString(); row.version++ }
  if (c === 'restore') { row.archived_at = null; row.version++ }
  if (c === 'pause') row.status = 'paused'
  if (c === 'resume') row.status = 'active'
  return row
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' }
function file(res, path) {
  let name = path
  if (!existsSync(join(dist, name)) || name === '/' || name === '/m' || name === '/m/') name = /\.[^/]+$/.test(path) ? null : path === '/m' || path.startsWith('/m/') ? '/m/index.html' : '/index.html'
  if (!name || name.includes('..')) return res.writeHead(404).end()
  res.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff' }).end(readFileSync(join(dist, name)))
}

export function start(port) {
  const server = createServer((req, res) => {
    const url = new URL(req.url, 'http://x')
    const chunks = []
    req.on('data', (c) => chunks.push(c)).on('end', () => {
      const send = (status, body, headers = {}) => res.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json', ...headers }).end(body === undefined ? '' : JSON.stringify(body))
      try {
        if (url.pathname === '/log/demo/checkpoint') return res.writeHead(200).end(log.checkpoint())
        if (url.pathname.startsWith('/log/demo/tile/')) { const t = log.tile(url.pathname.slice('/log/demo/tile/'.length)); return t ? res.writeHead(200).end(t) : res.writeHead(404).end() }
        if (!url.pathname.startsWith('/api/v1/')) return file(res, url.pathname)
        const path = url.pathname.slice(7)
        const raw = Buffer.concat(chunks)
        const body = (req.headers['content-type'] ?? '').startsWith('application/json') && raw.length ? JSON.parse(raw) : {}
        if (path === '/session' && req.method === 'POST') return users[body.name] && body.password === 'demo-2026' && body.org === 'demo' ? send(200, meOf(body.name), { 'Set-Cookie': `s=${body.name}; HttpOnly; SameSite=Strict; Path=/` }) : send(401, problem(401, 'unauthenticated', '请先登录').problem)
        const name = /(?:^|; )s=(\w+)/.exec(req.headers.cookie ?? '')?.[1]
        if (!users[name]) return send(401, problem(401, 'unauthenticated', '请先登录').problem)
        if (path === '/session') return send(204, undefined, { 'Set-Cookie': 's=; Max-Age=0; Path=/' })
        const me = meOf(name)
        if (req.method !== 'GET' && (req.headers['x-csrf-token'] !== me.csrf || !req.headers['idempotency-key'])) return send(403, problem(403, 'forbidden', 'CSRF').problem)
        const out = api(req.method, path, url.searchParams, me, body, name, raw.toString(), req.headers['if-match'])
        if (out?.bytes) return res.writeHead(200, { 'Content-Type': out.type, 'Content-Disposition': `attachment; filename="${out.name}"` }).end(out.bytes)
        if (typeof out?.status === 'number' && out.body) return send(out.status, out.body)
        send(200, out)
      } catch (e) {
        if (e instanceof Stop) return send(e.answer.status, e.answer.problem)
        console.error(e)
        send(500, problem(500, 'internal', String(e)).problem)
      }
    })
  })
  return new Promise((ready) => server.listen(port, '127.0.0.1', () => ready(server)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.argv[2] ?? 23000)
  await start(port)
  console.log(`http://127.0.0.1:${port}/  and /m/`)
  setTimeout(() => process.exit(0), Number(process.argv[3] ?? 900) * 1000)
}
