// Playbooks in a company: installed, read, compared, published for a day to come, put into force on
// it; the tree of the company beside its template; who decides for whom.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { calculate, company, ok, pause, period, refused, root, run, temporary, world } from './kit.js'

const shipped = (code) => path.join(root, 'playbooks', code)
const read = (code, file) => JSON.parse(fs.readFileSync(path.join(shipped(code), file), 'utf8'))

/** The files of a shipped playbook as {"files": …}, changed by `change(files)`. */
function bundle(code, change = () => {}) {
  const files = {}
  for (const name of fs.readdirSync(shipped(code), { recursive: true }).map(String).filter((n) => n.endsWith('.json')))
    files[name.replaceAll('\\', '/')] = read(code, name)
  change(files)
  return { files }
}
const one = (list, code) => list.find((e) => e.code === code)
const day = (time) => new Date(time + 8 * 3_600_000).toISOString().slice(0, 10)

/** A field company: three regions of one manager and two supervisors, a squad of three in each. */
async function field(c, { regions = 3 } = {}) {
  const posts = Object.fromEntries((await c.admin.all('/posts')).map((p) => [p.code, p.id]))
  const w = { unit: {}, person: {}, posts }
  let number = 0
  const unit = async (code, kind, level, parent) =>
    (w.unit[code] = ok(await c.admin.post('/units', { code, name: code, kind, level, ...(parent ? { parent: w.unit[parent] } : {}) })).id)
  const person = async (key, where, post) =>
    (w.person[key] = ok(await c.admin.post('/people', { number: `N${++number}`, name: key, kind: 'employee', unit: w.unit[where], joined_on: '2026-01-05', ...(post ? { post: posts[post] } : {}) })).id)
  await unit('hq', 'decision_group', 'core')
  await person('director', 'hq', 'marketing_director')
  await person('operations', 'hq', 'operations_manager')
  await person('analyst', 'hq', 'data_analyst')
  await unit('office', 'support_office', 'core', 'hq')
  for (const post of ['pr_officer', 'legal_officer', 'service_officer', 'finance_officer']) await person(post, 'office', post)
  for (let i = 1; i <= regions; i++) {
    await unit(`r${i}`, 'region', 'middle', 'hq')
    await person(`manager${i}`, `r${i}`, 'regional_manager')
    await person(`supervisor${i}a`, `r${i}`, 'promotion_supervisor')
    await person(`supervisor${i}b`, `r${i}`, 'promotion_supervisor')
    await unit(`s${i}`, 'squad', 'execution', `r${i}`)
    await person(`specialist${i}`, `s${i}`, 'promotion_specialist')
    await person(`recorder${i}`, `s${i}`, 'information_recorder')
    await person(`logistics${i}`, `s${i}`, 'logistics_support')
  }
  return w
}

const flags = async (c) => ok(await c.admin.get('/playbook-flags')).items

for (const code of ['ditui', 'weishang', 'agency', 'brand'])
  test(`a company begins with ${code}: version 1 in force, roles, role cards, a plan`, async (t) => {
    const c = await company(t, { playbook: code })
    const [version, ...more] = ok(await c.admin.get('/playbooks')).items
    assert.equal(more.length, 0)
    assert.deepEqual([version.code, version.number, version.status], [code, 1, 'published'])
    assert.equal(version.effective_from, day(Date.now()))
    const posts = await c.admin.all('/posts')
    assert.deepEqual(posts.map((p) => p.code).sort(), read(code, 'posts.json').posts.map((p) => p.code).sort())
    for (const p of posts) assert.ok(p.what && p.how && p.role, `${p.code} is a whole role card`)
    const roles = await c.admin.all('/roles')
    assert.deepEqual(roles.map((r) => r.code).sort(), read(code, 'roles.json').roles.map((r) => r.code).sort())
    const [plan] = ok(await c.admin.get('/plan-versions')).items
    assert.deepEqual([plan.code, plan.number, plan.status], ['monthly', 1, 'published'])
    assert.ok(plan.max_levels <= 1)
    const sections = new Set((await c.admin.all('/playbook-items', { query: { playbook: version.id } })).map((i) => i.section))
    for (const s of ['playbook', 'kind', 'unit', 'stage', 'role', 'post', 'duty', 'plan']) assert.ok(sections.has(s), s)
  })

test('the shelf tells what can be loaded, with digests as the command line prints them', async (t) => {
  const c = await company(t)
  const { items } = ok(await c.admin.get('/playbook-shelf'))
  assert.deepEqual(items.map((i) => i.code), ['agency', 'brand', 'ditui', 'weishang'])
  const checked = await run(['playbook', 'check', shipped('ditui')])
  assert.equal(checked.code, 0, checked.err)
  assert.equal(/^sha256 +(\w{64})$/m.exec(checked.out)[1], one(items, 'ditui').sha256)
  assert.equal(ok(await c.admin.get('/playbooks')).items[0].sha256, one(items, 'ditui').sha256)
})

test('qibing playbook check tells every mistake as file:line: field: reason', async (t) => {
  const folder = path.join(temporary(t), 'mine')
  fs.cpSync(shipped('ditui'), folder, { recursive: true })
  const spoil = (file, what, as) => {
    const text = fs.readFileSync(path.join(folder, file), 'utf8')
    assert.ok(text.includes(what), what)
    fs.writeFileSync(path.join(folder, file), text.replace(what, as))
  }
  spoil('posts.json', '"role": "recorder"', '"role": "recrder"')
  spoil('roles.json', '"period.lock": "org"', '"period.luck": "org"')
  spoil('org.json', '"min": 3, "max": 5', '"min": 5, "max": 3')
  const r = await run(['playbook', 'check', folder])
  assert.equal(r.code, 1)
  const lines = r.out.trim().split('\n').map((l) => l.replace(folder + '/', ''))
  assert.equal(lines.length, 3, r.out)
  assert.match(lines[0], /^org\.json:\d+: kinds\[2\]\.count: min 5 is more than max 3$/)
  assert.match(lines[1], /^posts\.json:\d+: posts\[10\]\.role: there is no role "recrder"$/)
  assert.match(lines[2], /^roles\.json:\d+: roles\[2\]\.permissions\.period\.luck: there is no permission "period\.luck"$/)
  assert.match(r.err, /3 mistakes/)
  assert.equal((await run(['playbook', 'check', 'nowhere'])).code, 1)
  assert.equal((await run(['playbook', 'bake'])).code, 2)
})

test('a newer version: draft, difference, date, publication, force', async (t) => {
  const start = Date.now()
  const c = await company(t, { playbook: 'ditui', clock: start })
  refused(await c.admin.post('/playbooks/load', { code: 'ditui' }), 409)

  const changed = bundle('ditui', (f) => {
    one(f['posts.json'].posts, 'promotion_specialist').how.zh = '每日下班前一小时提交拜访记录表。'
    one(f['posts.json'].posts, 'promotion_supervisor').heads = { min: 2, max: 3 }
    f['duties.json'].duties = f['duties.json'].duties.filter((d) => d.code !== 'field_problem')
    f['roles.json'].roles.push({ code: 'guest', name: { zh: '访客', en: 'Guest' }, permissions: { 'org.read': 'own' } })
    f['plans/monthly.json'].parameters.find((p) => p.name === 'visit_fen').value = 100
  })
  const draft = ok(await c.admin.post('/playbooks/load', changed), 201)
  assert.deepEqual([draft.code, draft.number, draft.status], ['ditui', 2, 'draft'])

  const d = ok(await c.admin.get(`/playbooks/${draft.id}/diff`))
  assert.deepEqual([d.before.number, d.after.number], [1, 2])
  assert.deepEqual(d.items.map((i) => [i.change, i.section, i.code, i.values.map((v) => [v.path, v.before, v.after])]), [
    ['added', 'role', 'guest', []],
    ['changed', 'post', 'promotion_supervisor', [['heads.max', 2, 3]]],
    ['changed', 'post', 'promotion_specialist', [['how.zh', read('ditui', 'posts.json').posts.find((p) => p.code === 'promotion_specialist').how.zh, '每日下班前一小时提交拜访记录表。']]],
    ['changed', 'plan', 'monthly', [['parameters[visit_fen].value', 80, 100]]],
    ['removed', 'duty', 'field_problem', []],
  ])

  const publish = (on, id = draft.id, version = 1) => c.admin.post(`/playbooks/${id}/publish`, { effective_from: on }, { ifMatch: version })
  refused(await publish(day(start - 86_400_000)), 400)
  refused(await publish(day(start)), 400) // today is for the first version only
  const from = day(start + 3 * 86_400_000)
  const published = ok(await publish(from))
  assert.deepEqual([published.status, published.effective_from], ['published', from])
  refused(await publish(from, draft.id, published.version), 409)

  // Until its day the old one counts: roles and posts are as they were; the plan is dated already.
  const role = async (code) => ok(await c.admin.get('/roles', { query: { code } })).items.length
  assert.equal(await role('guest'), 0)
  const plans = ok(await c.admin.get('/plan-versions', { query: { sort: '-number' } })).items
  assert.deepEqual(plans.map((p) => [p.number, p.effective_from]), [[2, from], [1, '2024-01-01']])
  const versions = async () => (await c.admin.all('/playbooks')).map((v) => [v.number, v.status]).sort()
  assert.deepEqual(await versions(), [[1, 'published'], [2, 'published']])

  // A company's own edit of a post that the new version does not speak of must survive it.
  const [recorder] = ok(await c.admin.get('/posts', { query: { code: 'information_recorder' } })).items
  ok(await c.admin.patch(`/posts/${recorder.id}`, { name: '信息员' }, { ifMatch: recorder.version }))

  const later = refused(await c.admin.post('/playbooks/load', changed), 409)
  assert.match(later.detail, /2/)
  await c.stop()
  c.clock(start + 3 * 86_400_000 + 3_600_000)
  await c.start()
  c.admin = await c.signIn('admin')
  for (let i = 0; i < 200 && (await role('guest')) === 0; i++) await pause(100)
  assert.equal(await role('guest'), 1)
  assert.deepEqual(await versions(), [[1, 'retired'], [2, 'published']])
  const post = async (code) => ok(await c.admin.get('/posts', { query: { code } })).items[0]
  assert.equal((await post('promotion_specialist')).how, '每日下班前一小时提交拜访记录表。')
  assert.equal((await post('promotion_supervisor')).heads, 3)
  assert.equal((await post('information_recorder')).name, '信息员')
  assert.equal(c.sql("SELECT count(*) FROM proof_entry WHERE kind = 'playbook.publish'")[0][0], '1')
})

test('a draft may be dropped; its number is not used again', async (t) => {
  const c = await company(t)
  const next = bundle('ditui', (f) => { f['playbook.json'].about.en += ' Second.' })
  const draft = ok(await c.admin.post('/playbooks/load', next), 201)
  assert.equal(ok(await c.admin.post(`/playbooks/${draft.id}/drop`, {}, { ifMatch: 1 })).status, 'dropped')
  refused(await c.admin.post(`/playbooks/${draft.id}/publish`, { effective_from: '2099-01-01' }, { ifMatch: 2 }), 409)
  assert.equal(ok(await c.admin.post('/playbooks/load', next), 201).number, 3)
})

test('a bad bundle is refused with all its mistakes; nothing is written', async (t) => {
  const c = await company(t)
  const bad = bundle('ditui', (f) => {
    one(f['posts.json'].posts, 'information_recorder').role = 'nobody'
    f['roles.json'].roles[1].permissions['moon.read'] = 'org'
  })
  const problem = refused(await c.admin.post('/playbooks/load', bad), 400, 'invalid')
  assert.equal(problem.errors.length, 2)
  assert.match(problem.errors[0].field, /^posts\.json:\d+: posts\[10\]\.role$/)
  assert.match(problem.errors[1].message, /moon\.read/)
  refused(await c.admin.post('/playbooks/load', { code: '../../etc' }), 404)
  refused(await c.admin.post('/playbooks/load', { code: 'ditui', extra: 1 }), 400)
  refused(await c.admin.post('/playbooks/load', Buffer.from('PK not a zip'), { type: 'application/zip' }), 400)
  assert.equal(ok(await c.admin.get('/playbooks')).items.length, 1)
})

test('the zip of a folder is loaded as the folder is', async (t) => {
  const c = await company(t, { playbook: 'ditui' })
  const zip = zipOf(Object.entries(bundle('brand').files).map(([name, v]) => ['brand/' + name, JSON.stringify(v)]))
  const draft = ok(await c.admin.post('/playbooks/load', zip, { type: 'application/zip' }), 201)
  assert.deepEqual([draft.code, draft.number], ['brand', 1])
  assert.equal(ok(await c.admin.get(`/playbooks/${draft.id}/diff`)).before, null)
  assert.deepEqual(ok(await c.admin.get(`/playbooks/${draft.id}/flags`)).items, [])
})

test('who may not: reading needs playbook.read, loading and publishing playbook.publish', async (t) => {
  const c = await company(t, { more: ['other'] })
  const reader = await c.login('reader', { permissions: { 'playbook.read': 'org' } })
  const nobody = await c.login('nobody', { permissions: { 'org.read': 'own' } })
  const [{ id }] = ok(await c.admin.get('/playbooks')).items
  ok(await reader.get(`/playbooks/${id}/diff`))
  refused(await reader.post('/playbooks/load', { code: 'brand' }), 403)
  refused(await nobody.get(`/playbooks/${id}/diff`), 403)
  refused(await nobody.get('/playbook-flags'), 403)
  refused(await c.other.get(`/playbooks/${id}/diff`), 404)
  const [mine] = ok(await c.other.get('/playbooks')).items
  refused(await c.other.get(`/playbooks/${mine.id}/diff?against=${id}`), 404)
})

test('publishing is no way around the rights on roles and plans', async (t) => {
  const c = await company(t, { playbook: 'ditui' })
  const editor = await c.login('editor', { permissions: { 'playbook.read': 'org', 'playbook.publish': 'org' } })
  const attempt = async (change) => {
    const draft = ok(await editor.post('/playbooks/load', bundle('ditui', change)), 201)
    const answer = await editor.post(`/playbooks/${draft.id}/publish`, { effective_from: '2099-01-01' }, { ifMatch: 1 })
    if (answer.status !== 200) ok(await editor.post(`/playbooks/${draft.id}/drop`, {}, { ifMatch: 1 }))
    return answer
  }
  refused(await attempt((f) => { one(f['roles.json'].roles, 'promoter').permissions = { '*': 'org' } }), 403)
  refused(await attempt((f) => { one(f['posts.json'].posts, 'promotion_specialist').role = 'admin' }), 403)
  refused(await attempt((f) => { f['plans/monthly.json'].parameters[0].value = 0.5 }), 403)
  ok(await attempt((f) => { f['duties.json'].duties[0].due.zh = '每月一日' }))
})

test('ORG-1 decisions go up: squad to region to decision group, past a vacant post', async (t) => {
  const c = await company(t, { playbook: 'ditui' })
  const w = await field(c)
  const decides = async (who) => ok(await c.admin.get(`/people/${w.person[who]}/approver`)).name
  assert.match(await decides('specialist1'), /^supervisor1[ab]$/)
  assert.match(await decides('recorder2'), /^supervisor2[ab]$/)
  assert.equal(await decides('logistics3'), 'manager3')
  assert.equal(await decides('supervisor1a'), 'manager1')
  assert.equal(await decides('manager2'), 'operations')
  assert.equal(await decides('operations'), 'director')
  assert.equal(await decides('analyst'), 'operations')
  refused(await c.admin.get(`/people/${w.person.director}/approver`), 404)
  for (const key of ['supervisor1a', 'supervisor1b']) {
    const p = ok(await c.admin.get(`/people/${w.person[key]}`))
    ok(await c.admin.post(`/people/${p.id}/leave`, { left_on: day(Date.now()) }, { ifMatch: p.version }))
  }
  assert.equal(await decides('specialist1'), 'manager1')
  // A caller sees only people within reach.
  const worker = await c.login('worker', { permissions: { 'person.read': 'own' }, person: w.person.specialist2 })
  ok(await worker.get(`/people/${w.person.specialist2}/approver`))
  refused(await worker.get(`/people/${w.person.specialist3}/approver`), 404)
})

test('ORG-3 fewer than 3 or more than 5 regions are flagged', async (t) => {
  const c = await company(t, { playbook: 'ditui' })
  const w = await field(c, { regions: 2 })
  const counts = async () => (await flags(c)).filter((f) => f.flag === 'count').map((f) => [f.code, f.text.en])
  assert.deepEqual(await counts(), [['region', 'Regional execution group: there are 2; there should be 3 to 5']])
  for (let i = 3; i <= 6; i++) {
    ok(await c.admin.post('/units', { code: `x${i}`, name: `x${i}`, kind: 'region', level: 'middle', parent: w.unit.hq }))
    assert.equal((await counts()).length, i > 5 ? 1 : 0, `${i} regions`)
  }
})

test('ORG-4 a squad outside of 3 to 5 people is flagged', async (t) => {
  const c = await company(t, { playbook: 'ditui' })
  const w = await field(c)
  const squads = async () => (await flags(c)).filter((f) => f.flag === 'people' && f.code === 'squad').map((f) => f.text.en)
  assert.deepEqual(await squads(), [])
  const add = async (n) => ok(await c.admin.post('/people', { number: `Z${n}`, name: `z${n}`, kind: 'part_time', unit: w.unit.s1, joined_on: '2026-01-05' }))
  for (let people = 4; people <= 6; people++) {
    await add(people)
    assert.deepEqual(await squads(), people > 5 ? ['s1 has 6 people; it should have 3 to 5'] : [])
  }
  const p = ok(await c.admin.get(`/people/${w.person.logistics2}`))
  ok(await c.admin.post(`/people/${p.id}/leave`, { left_on: day(Date.now()) }, { ifMatch: p.version }))
  assert.deepEqual(await squads(), ['s1 has 6 people; it should have 3 to 5', 's2 has 2 people; it should have 3 to 5'])
})

test('ORG-6 a duty whose post nobody holds is flagged', async (t) => {
  const c = await company(t, { playbook: 'ditui' })
  const w = await field(c)
  const open = async () => (await flags(c)).filter((f) => f.flag === 'no_holder').map((f) => f.code)
  assert.deepEqual(await open(), [])
  const leave = async (key) => {
    const p = ok(await c.admin.get(`/people/${w.person[key]}`))
    ok(await c.admin.post(`/people/${p.id}/leave`, { left_on: day(Date.now()) }, { ifMatch: p.version }))
  }
  await leave('analyst') // a start-up's operations manager takes this post
  assert.deepEqual(await open(), [])
  await leave('operations')
  assert.deepEqual(await open(), ['allocate', 'analyse'])
})

test('ORG-27 one person holds several roles, later they are split; the history stays', async (t) => {
  const c = await company(t, { playbook: 'agency' })
  const role = async (code) => ok(await c.admin.get('/roles', { query: { code } })).items[0].id
  const boss = await c.login('boss', { role: 'hq' })
  ok(await boss.get('/periods'))
  const asked = async () => (await boss.post('/playbooks/load', { code: 'agency' })).status
  assert.equal(await asked(), 409)
  const sees = async (client) => ok(await client.get('/me')).roles.map((r) => r.code).sort()
  const grant = await c.grant(boss.login.id, await role('finance'))
  assert.deepEqual(await sees(boss), ['finance', 'hq'])
  assert.ok(ok(await boss.get('/me')).permissions.includes('period.calculate'))
  ok(await c.admin.patch(`/role-grants/${grant.id}`, { until_on: day(Date.now() - 86_400_000) }, { ifMatch: grant.version }))
  assert.deepEqual(await sees(boss), ['hq'])
  const grants = ok(await c.admin.get('/role-grants', { query: { login: boss.login.id } })).items
  assert.equal(grants.length, 2, 'the grant of the start-up is still told')
})

test('ORG-37 the emergency group names its people by function', async (t) => {
  const c = await company(t, { playbook: 'ditui' })
  const w = await field(c)
  const group = ok(await c.admin.get('/playbook-groups/emergency'))
  assert.deepEqual(group.functions.map((f) => [f.name.zh, f.people.map((p) => p.id)]),
    [['公关', [w.person.pr_officer]], ['法务', [w.person.legal_officer]], ['客服', [w.person.service_officer]]])
  refused(await c.admin.get('/playbook-groups/choir'), 404)
})

/** A zip of stored parts (APPNOTE 4.3), so that the story needs no library. */
function zipOf(parts) {
  const crc = (b) => { let c = ~0; for (const x of b) { c ^= x; for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (0xedb88320 & -(c & 1)) } return ~c >>> 0 }
  const local = [], central = []
  let at = 0
  for (const [name, text] of parts) {
    const n = Buffer.from(name), b = Buffer.from(text), h = Buffer.alloc(26)
    h.writeUInt16LE(20, 0); h.writeUInt16LE(0x800, 2); h.writeUInt32LE(crc(b), 10)
    h.writeUInt32LE(b.length, 14); h.writeUInt32LE(b.length, 18); h.writeUInt16LE(n.length, 22)
    local.push(Buffer.from('PK\x03\x04', 'latin1'), h, n, b)
    const offset = Buffer.alloc(14)
    offset.writeUInt32LE(at, 10)
    central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), h, offset, n)
    at += 30 + n.length + b.length
  }
  const directory = Buffer.concat(central), end = Buffer.alloc(18)
  end.writeUInt16LE(parts.length, 4); end.writeUInt16LE(parts.length, 6)
  end.writeUInt32LE(directory.length, 8); end.writeUInt32LE(at, 12)
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06', 'latin1'), end])
}

// 400 boxes of tea at 128.50 yuan, all collected, no refund; three leads and two visits on one day. Worked out by hand.
//   ditui     20000 × 3 % + 30000 × 5 % + 1400 × 8 % + spiff 5 = 2217.00, process 3 × 2 + 2 × 0.80 = 7.60; tax (2224.60 - 800) × 20 % = 284.92
//   weishang  5000 × 10 % + 15000 × 15 % + 31400 × 20 % + 5 = 9035.00; tax 9035 × 80 % × 20 % = 1445.60
//   agency    51400 × 2 % + 5 = 1033.00, 3 × 1.50 + 2 × 15 = 34.50; tax (1067.50 - 800) × 20 % = 53.50
//   brand     30000 × 4 % + 21400 × 6 % + 5 = 2489.00, 3 × 1 = 3.00; tax (2492 - 800) × 20 % = 338.40
// The leader's share is of the commission alone: 5 % of 2217.00, 3 % of 9035.00.
const PAY = {
  ditui: { net: 193968, tax: 28492, leader: 11085 }, weishang: { net: 758940, tax: 144560, leader: 27105 },
  agency: { net: 101400, tax: 5350, leader: 0 }, brand: { net: 215360, tax: 33840, leader: 0 },
}
for (const [code, pay] of Object.entries(PAY))
  test(`the plan of ${code} settles a month to the fen`, async (t) => {
    const c = await company(t, { playbook: code })
    const w = await world(c)
    const at = new Date(Date.now() - 60_000)
    const order = ok(await c.admin.post('/orders/post', { order_no: 'O-1', promoter: w.person.zhang, customer: w.customer.c1, ordered_at: at.toISOString(), items: [{ product: w.product.tea, quantity: 400 }] }))
    assert.equal(order.amount_fen, 5140000)
    ok(await c.admin.post(`/orders/${order.order}/collect`, { amount_fen: order.amount_fen }))
    for (const kind of ['lead', 'lead', 'lead', 'visit', 'visit'])
      ok(await c.admin.post('/activities/record', { promoter: w.person.zhang, kind, happened_at: at.toISOString() }))
    const month = day(at.getTime()).slice(0, 7)
    const p = await calculate(c.admin, (await period(c.admin, month)).id)
    const statements = ok(await c.admin.get('/statements', { query: { period: p.id } })).items
    const of = (who) => statements.find((s) => s.person.id === w.person[who])
    assert.deepEqual([of('zhang').net_fen, of('zhang').tax_fen, of('wang').net_fen], [pay.net, pay.tax, pay.leader])
    const whole = ok(await c.admin.get(`/statements/${of('zhang').id}`))
    assert.equal(whole.components.filter((k) => k.kind !== 'total').reduce((sum, k) => sum + k.amount_fen, 0), pay.net, 'the parts add up')
    for (const k of whole.components) assert.ok(k.label.zh && k.label.en, k.code)
  })
