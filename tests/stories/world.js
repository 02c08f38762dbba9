// Companies with something in them: people, goods, orders, a plan, a month that was paid.
import { ok } from './kit.js'

/**
 * A small sales force: head office, two regions, three squads, people with customers, products with
 * prices. Ids by name: world.unit.s1, world.person.zhang, world.product.tea, world.customer.c1.
 */
export async function world(c, { admin = c.admin, prefix = '', mark = '', secrets = true } = {}) {
  const w = { unit: {}, person: {}, product: {}, price: {}, customer: {} }
  const post = async (where, body) => ok(await admin.post(where, body))
  const unit = async (key, parent, level, name) => {
    const row = await post('/units', { code: `${prefix}t-${key}`, name: mark + name, level, ...(parent ? { parent: w.unit[parent] } : {}), kind: level === 'execution' ? 'squad' : level === 'middle' ? 'region' : 'company' })
    w.unit[key] = row.id
  }
  await unit('hq', null, 'core', '总部')
  await unit('r1', 'hq', 'middle', '华东区')
  await unit('r2', 'hq', 'middle', '华南区')
  await unit('s1', 'r1', 'execution', '一小组')
  await unit('s2', 'r1', 'execution', '二小组')
  await unit('s3', 'r2', 'execution', '三小组')
  const person = async (key, where, name, leader, n) => {
    const row = await post('/people', {
      number: `${prefix}P${n}`, name: mark + name, unit: w.unit[where], joined_on: '2026-01-05', kind: 'part_time',
      ...(leader ? { leader: w.person[leader] } : {}),
      ...(secrets ? { phone: `1390000${1000 + n}`, id_number: `31010119900101${1000 + n}`, bank_card: `622202100000000${1000 + n}` } : {}),
    })
    w.person[key] = row.id
  }
  await person('wang', 'r1', '王主管', null, 1)
  await person('zhang', 's1', '张晓明', 'wang', 2)
  await person('li', 's1', '李思', 'wang', 3)
  await person('zhao', 's2', '赵武', 'wang', 4)
  await person('chen', 's3', '陈柳', null, 5)
  for (const [key, name, price, spiff] of [['tea', '绿茶礼盒', '128.5000', 500], ['cup', '马克杯', '19.9900', 0], ['box', '收纳箱', '0.0050', 0]]) {
    w.product[key] = (await post('/products', { code: `${prefix}K-${key}`, name: mark + name, category: '日用', spiff_fen: spiff })).id
    w.price[key] = (await post('/prices', { product: w.product[key], from_on: '2026-01-01', unit_price: price })).id
  }
  for (const [key, promoter, n] of [['c1', 'zhang', 1], ['c2', 'li', 2], ['c3', 'zhao', 3], ['c4', 'chen', 4]])
    w.customer[key] = (await post('/customers', { number: `${prefix}C${n}`, name: `${mark}客户${n}`, promoter: w.person[promoter], region: '上海', ...(secrets ? { phone: `1380000${2000 + n}` } : {}) })).id
  return w
}

/** Permissions of the usual roles, for c.login(). */
export const ROLES = {
  promoter: { 'order.read': 'own', 'order.post': 'own', 'customer.read': 'own', 'customer.manage': 'own', 'product.read': 'org', 'statement.read': 'own', 'earnings.read': 'own', 'activity.read': 'own', 'activity.record': 'own' },
  supervisor: { 'order.read': 'squad', 'order.post': 'squad', 'customer.read': 'squad', 'person.read': 'squad', 'org.read': 'org', 'product.read': 'org', 'statement.read': 'squad' },
  finance: { 'order.read': 'org', 'order.post': 'org', 'order.collect': 'org', 'order.refund': 'org', 'period.read': 'org', 'period.calculate': 'org', 'period.lock': 'org', 'statement.read': 'org', 'payout.read': 'org', 'plan.read': 'org', 'job.read': 'org' },
  chief: { 'period.read': 'org', 'period.approve': 'org', 'period.unlock': 'org', 'statement.read': 'org', 'overview.read': 'org', 'job.read': 'org' },
}

const text = (zh, en) => ({ title: { zh, en }, text: { zh, en } })
const formula = (name, on, purpose, expression, rounding = 'none') => ({ name, on, kind: 'formula', purpose, rounding, ...text(name, name), formula: expression })
const sum = (name, purpose, from, by, value) => ({ name, on: 'people', kind: 'sum', purpose, rounding: 'none', ...text(name, name), from, by, value })

/**
 * A pay plan over the facts of a company, small enough to be calculated again by hand:
 * 10 % of what was paid and not given back, per line, rounded half up; a lead pays 2.00, a visit 0.80
 * (20 a day); 5 % of a member's own commission goes to the leader; above 800.00 20 % tax on the rest.
 */
export const PLAN = JSON.stringify({
  plan: 'story', title: { zh: '故事', en: 'Story' }, effective: { from: '2020-01-01' },
  limits: { max_levels: 1 }, person: 'people', result: 'net_fen',
  tables: [
    { name: 'people', facts: 'person', key: 'id', columns: [{ name: 'id', header: 'promoter_id', type: 'integer', min: 1 }, { name: 'boss', header: 'parent_id', type: 'ref', to: 'people', none: 0 }] },
    { name: 'sold', facts: 'order_line', key: 'line', columns: [
      { name: 'line', header: 'order_id', type: 'integer', min: 1 }, { name: 'who', header: 'promoter_id', type: 'ref', to: 'people' },
      { name: 'amount_fen', type: 'money', min: 0 }, { name: 'paid_bp', type: 'integer', unit: 'bp', min: 0, max: 10000 },
      { name: 'sold_at', header: 'order_time', type: 'time' }, { name: 'refund_fen', type: 'money', min: 0 }] },
    { name: 'done', facts: 'activity', columns: [
      { name: 'who', header: 'promoter_id', type: 'ref', to: 'people' }, { name: 'kind', type: 'integer', min: 1, max: 9 },
      { name: 'at', header: 'event_time', type: 'time' }, { name: 'valid', type: 'bool' }] },
  ],
  components: [
    formula('base_fen', 'sold', 'measure', 'max(div(amount_fen * paid_bp, 10000, 0, half_up) - refund_fen, 0)', 'half_up'),
    formula('line_fen', 'sold', 'earning', 'div(base_fen * 10, 100, 0, half_up)', 'half_up'),
    { name: 'orders', on: 'people', kind: 'count', purpose: 'measure', rounding: 'none', ...text('行数', 'lines'), from: 'sold', by: 'who' },
    sum('base_sum_fen', 'measure', 'sold', 'who', 'base_fen'),
    sum('own_fen', 'earning', 'sold', 'who', 'line_fen'),
    { name: 'process_fen', on: 'people', kind: 'daily', purpose: 'award', rounding: 'none', ...text('过程', 'process'), from: 'done', by: 'who', day: 'at',
      counts: [{ where: 'valid and kind = 1', at_most: 20, each: 200 }, { where: 'valid and kind = 2', at_most: 20, each: 80 }] },
    { name: 'team_fen', on: 'people', kind: 'override', purpose: 'share', rounding: 'half_up', ...text('团队', 'team'), amount: 'own_fen', tree: 'boss', levels: [{ rate: 5, per: 100 }] },
    formula('gross_fen', 'people', 'earning', 'own_fen + process_fen + team_fen'),
    formula('payable_fen', 'people', 'cap', 'gross_fen'),
    formula('tax_fen', 'people', 'tax', 'div(max(payable_fen - 80000, 0) * 20, 100, 0, half_up)', 'half_up'),
    formula('net_fen', 'people', 'net', 'payable_fen - tax_fen'),
  ],
  outputs: [
    { file: 'lines', table: 'sold', order: 'key', columns: ['line', 'line_fen'] },
    { file: 'statement', table: 'people', order: 'key', columns: ['id', 'own_fen', 'process_fen', 'team_fen', 'tax_fen'] },
  ],
})

/** In force from `from` (today: later than the plan of the playbook, so that it is the one that counts). */
export async function publish(admin, { code = 'story', body = PLAN, from } = {}) {
  from ??= new Date(Date.parse(admin.server.options.clock ?? new Date().toISOString()) + 8 * 3_600_000).toISOString().slice(0, 8) + '01'
  return ok(await admin.post('/plans', { code, name: '故事', name_en: 'Story', effective_from: from, body }))
}

/** The period of a month: its row, made when it is not there. */
export async function period(client, month) {
  const found = ok(await client.get('/periods')).items.find((p) => p.month === month)
  return found ?? ok(await client.post('/periods', { month }))
}

/** Calculates a period and waits for its job. */
export async function calculate(client, id, options) {
  const begun = ok(await client.post(`/periods/${id}/calculate`, {}), 202)
  await client.job(begun.job ?? begun.id, options)
  return ok(await client.get(`/periods/${id}`))
}

/** Stores a small file by the resumable upload; its id. */
export async function upload(client, name, type, bytes) {
  const begun = ok(await client.post('/uploads', { name, type, bytes: bytes.length }))
  ok(await client.put(`/uploads/${begun.id}`, bytes, { type: 'application/octet-stream', query: { offset: '0' } }))
  return { upload: begun.id, ...ok(await client.post(`/uploads/${begun.id}/finish`, {})) }
}

/** At least one row of everything: orders, money, refunds, activities, a file, a locked month. */
export async function build_business(c, admin, w, { mark = '', far = '' } = {}) {
  const post = async (where, body) => ok(await admin.post(where, body))
  const now = new Date(c.options.clock ?? Date.now())
  const at = new Date(now.getTime() - 60_000).toISOString()
  const orders = []
  for (const [who, customer, label] of [['zhang', 'c1', ''], ['li', 'c2', ''], ['zhao', 'c3', far], ['chen', 'c4', far]]) {
    const order = await post('/orders/post', { order_no: `${mark}${label}O-${who}`, promoter: w.person[who], customer: w.customer[customer], ordered_at: at, items: [{ product: w.product.tea, quantity: 2 }, { product: w.product.cup, quantity: 1 }] })
    await post(`/orders/${order.order}/collect`, { amount_fen: order.amount_fen, method: mark + '现金' })
    const lines = ok(await admin.get('/order-lines', { query: { sales_order: order.order } })).items
    await post(`/orders/${order.order}/refund`, { line: lines[0].id, quantity: 1, amount_fen: 100, reason: `${mark}${label}换货` })
    await post('/activities/record', { promoter: w.person[who], customer: w.customer[customer], kind: 'visit', happened_at: at, note: `${mark}${label}上门` })
    orders.push(order)
  }
  await post('/calendar-days', { day: '2031-10-01', kind: 'holiday', name: mark + '国庆' })
  await upload(admin, mark + '说明.txt', 'text/plain', Buffer.from('正文 ' + mark))
  await publish(admin)
  const local = new Date(now.getTime() - 60_000 + 8 * 3_600_000).toISOString().slice(0, 7)
  const month = await calculate(admin, (await period(admin, local)).id)
  const second = await c.login(`${mark}second`, { permissions: { 'period.approve': 'org', 'period.read': 'org', 'period.lock': 'org' }, admin })
  const approved = ok(await second.post(`/periods/${month.id}/approve`, { version: month.version }))
  ok(await second.post(`/periods/${month.id}/lock`, { version: approved.version }))
  const login = ok(await admin.get('/me')).login
  await post('/api-tokens/issue', { login: login.id, name: mark + 'ERP' })
  return { orders, period: month.id }
}
