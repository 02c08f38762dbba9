// Every operation of `qibing openapi`, called as nobody, as somebody without the permission, with the
// id of another tenant, and with an id out of reach (RELIABILITY S3, S4). Generated: an operation that
// cannot be called here fails the test, so none is forgotten.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { build_business, company, ok, program, root, run, world } from './kit.js'

const MARK = 'ZQBETA' // stands in every name of the other tenant
const FAR = 'ZQCHEN' // stands in what belongs to somebody out of reach

// Segments of paths that no entity's operations name.
const entityOf = { periods: 'period', statements: 'statement', plans: 'plan_version', uploads: 'upload' }
// Rows without an address of their own in another company: what is asked instead.
const noRows = {
  playbook: 'comes from `org add`', playbook_item: 'comes from `org add`',
}
// Permissions that are not about rows: everybody who is signed in.
const signedIn = 'signed_in'

/** The scope of each entity, from the descriptions themselves. */
function scopes() {
  const found = {}
  const walk = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const name = path.join(folder, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== 'tests') walk(name)
      } else if (entry.name.endsWith('.entity'))
        for (const m of fs.readFileSync(name, 'utf8').matchAll(/^api\s+(\S+)\s+(?:(\S+)\s+)?scope\s+(\w+)/gm)) found[m[1]] = { entity: m[2], scope: m[3] }
    }
  }
  walk(path.join(root, 'src'))
  return found
}

let c
let beta
let operations
let nobody
let powerless
let own
let ended
let foreignIds = {}
let foreignText = []
const leaks = []
const context = { cleanups: [] }

const body = (op) => {
  if (op.method === 'GET' || op.method === 'DELETE') return undefined
  if (op.path.endsWith('/import')) return 'code,name\na,b\n'
  if (op.method === 'PUT' && op.path.includes('/uploads/')) return Buffer.from('x')
  return { version: 1, reason: 'because of a test', name: 'x', offset: 0, password: 'yuan-chu-lai-de-kou-ling' }
}
const options = (op) => ({
  ifMatch: op.method === 'PATCH' || /\/(archive|restore)$/.test(op.path) ? '"v1"' : undefined,
  type: op.method === 'PUT' ? 'application/octet-stream' : undefined,
  query: op.path.endsWith('/import') ? { dry_run: '1' } : op.method === 'PUT' ? { offset: '0' } : undefined,
})

/** The address of an operation with `id` in every place. Null: it has no place for one. */
function address(op, id) {
  const base = op.about.servers?.[0].url === '/' ? '/' + op.path : op.path
  const where = base.replace('{id}', id).replace('{key}', 'sign_in.hours').replace('{org}', 'alpha').replace('{path}', '0/000').replace('{size}', '1').replace('{code}', 'ditui')
  assert.ok(!where.includes('{'), `this test does not know what to put into ${op.path}`)
  return where
}

const call = (client, op, id = '1') => client.request(op.method, address(op, id), body(op), options(op))
const label = (op) => `${op.method} ${op.path}`

/** A test over operations tells all that are wrong, not only the first. */
async function each(list, check) {
  const wrong = []
  for (const op of list) {
    try {
      await check(op)
    } catch (error) {
      wrong.push(`${label(op)}: ${error.message.split('\n')[0]}`)
    }
  }
  assert.ok(list.length > 0, 'there is something to call')
  assert.deepEqual(wrong, [])
}
const is = (answer, status) => assert.equal(answer.status, status, `${answer.status} instead of ${status}: ${answer.text.slice(0, 160)}`)

before(async () => {
  const r = await run(['openapi'])
  assert.equal(r.code, 0, r.err)
  const document = JSON.parse(r.out)
  const scope = scopes()
  operations = []
  for (const [where, methods] of Object.entries(document.paths))
    for (const [method, about] of Object.entries(methods)) {
      if (!['get', 'post', 'put', 'patch', 'delete'].includes(method)) continue
      const segment = where.split('/')[1]
      operations.push({ method: method.toUpperCase(), path: where, about, segment, public: Array.isArray(about.security) && about.security.length === 0, permission: about['x-permission'], entity: scope[segment]?.entity ?? about['x-entity'] ?? entityOf[segment], scope: scope[segment]?.scope })
    }

  const heard = (request, answer, client) => {
    if (client.code !== 'alpha' && client.code !== 'nobody') return
    for (const text of foreignText) if (answer.text.includes(text) && !request.target.includes(text) && !request.bytes?.includes(text)) leaks.push(`${answer.method} ${answer.path} carries ${text}`)
  }
  const t = { after: (f) => context.cleanups.push(f) }
  c = await company(t, { more: ['beta'], heard })
  beta = c.beta
  const w = await world(c)
  c.w = w
  const wb = await world(c, { admin: beta, mark: MARK, prefix: MARK })
  await build_business(c, c.admin, w, { far: FAR })
  await build_business(c, beta, wb, { mark: MARK })

  powerless = await c.login('powerless', { permissions: {} })
  const all = ok(await c.admin.get('/me')).permissions
  own = await c.login('own', { permissions: Object.fromEntries(all.map((name) => [name, 'own'])), person: w.person.li })
  ended = await c.signIn('powerless')
  ok(await ended.del('/session'))
  nobody = c.client('nobody')

  const [alphaId, betaId] = ['alpha', 'beta'].map((code) => c.sql(`SELECT id FROM company WHERE code = '${code}'`)[0][0])
  c.ids = { alphaId, betaId }
  for (const entity of new Set(operations.map((op) => op.entity).filter(Boolean))) {
    const rows = c.sql(`SELECT id FROM ${entity} WHERE org = ${betaId} ORDER BY id DESC LIMIT 3`)
    if (rows.length) foreignIds[entity] = rows[0][0]
  }
  foreignText = [MARK, ...Object.values(foreignIds)]
})
after(async () => {
  for (const f of context.cleanups.reverse()) await f()
})

test('every operation says who may call it', async () => {
  assert.ok(operations.length > 100, `${operations.length} operations`)
  const wrong = []
  for (const op of operations) {
    if (op.public && !(op.about['x-why-public']?.length > 10)) wrong.push(`${label(op)} is public without a reason`)
    if (!op.public && !op.permission) wrong.push(`${label(op)} names no permission`)
    if (op.path.includes('{id}') && !op.entity) wrong.push(`${label(op)}: this test does not know whose id it takes`)
    if (op.entity && op.path.includes('{id}') && !foreignIds[op.entity] && !noRows[op.entity]) wrong.push(`${label(op)}: beta has no ${op.entity}, so the call with its id proves nothing`)
  }
  assert.deepEqual(wrong, [])
})

test('what the document does not name is not there', async () => {
  const named = new Set(operations.map((op) => op.path))
  for (const where of ['/meta']) if ((await c.admin.get(where)).status !== 404) assert.ok(named.has(where), `${where} answers but stands in no document`)
  for (const where of ['/users', '/admin', '/debug', '/people/1/secret', '/company', '/companies', '/sessions', '/events']) is(await c.admin.get(where), 404)
})

test('nobody: 401, but for the public operations', async () => {
  await each(operations, async (op) => {
    const answer = await call(nobody, op)
    if (!op.public) return is(answer, 401)
    // A public operation asks for no session. The sign-in refuses the password that is not there.
    if (op.path !== '/session') assert.notEqual(answer.status, 401)
    assert.notEqual(answer.status, 403)
  })
})

test('an ended session is nobody', async () => {
  await each(operations.filter((op) => !op.public), async (op) => is(await call(ended, op), 401))
})

test('without the permission: 403, whatever the id', async () => {
  await each(operations.filter((op) => !op.public && op.permission !== signedIn), async (op) => {
    is(await call(powerless, op, '1'), 403)
    if (op.path.includes('{id}') && foreignIds[op.entity]) is(await call(powerless, op, foreignIds[op.entity]), 403)
  })
})

test("another tenant's id: 404, and nothing of it changes", async () => {
  const state = () => JSON.stringify(Object.keys(foreignIds).map((entity) => [entity, c.sql(`SELECT * FROM ${entity} WHERE org = ${c.ids.betaId} ORDER BY id`)]))
  const before = state()
  const list = operations.filter((op) => !op.public && op.path.includes('{id}'))
  await each(list, async (op) => is(await call(c.admin, op, foreignIds[op.entity] ?? '9007199254740993'), 404))
  for (const id of ['0', '-1', 'abc', '9223372036854775807', '9223372036854775808', '1%00', "1'"])
    await each(list.filter((op) => op.method === 'GET'), async (op) => {
      const answer = await call(c.admin, op, encodeURIComponent(id))
      assert.ok([404, 400].includes(answer.status), `${answer.status} for the id ${id}`)
    })
  assert.equal(state(), before)
})

test("another tenant's id inside a body is unknown", async () => {
  const p = foreignIds
  const tries = [
    ['/people', { number: 'X1', name: 'x', unit: p.unit, joined_on: '2026-01-01' }],
    ['/customers', { number: 'X1', name: 'x', promoter: p.person }],
    ['/prices', { product: p.product, from_on: '2026-02-02', unit_price: '1.0000' }],
    ['/logins', { name: 'x1', person: p.person }],
    ['/role-grants', { login: p.login, role: p.role, from_on: '2026-01-01' }],
    ['/units', { code: 'x', name: 'x', level: 'middle', parent: p.unit }],
    ['/orders/post', { promoter: p.person, items: [{ product: c.w.product.tea, quantity: 1 }] }],
    ['/orders/post', { promoter: c.w.person.li, items: [{ product: p.product, quantity: 1 }] }],
    ['/orders/post', { promoter: c.w.person.li, customer: p.customer, items: [{ product: c.w.product.tea, quantity: 1 }] }],
    ['/activities/record', { promoter: p.person, kind: 'visit' }],
    ['/activities/record', { promoter: c.w.person.li, customer: p.customer, kind: 'visit' }],
    ['/api-tokens/issue', { login: p.login, name: 'x' }],
  ]
  const wrong = []
  for (const [where, content] of tries) {
    const answer = await c.admin.post(where, content)
    if (![400, 404, 422].includes(answer.status)) wrong.push(`POST ${where} ${JSON.stringify(content)}: ${answer.status} ${answer.text.slice(0, 120)}`)
  }
  // Found by id as a filter, or as the period, unit or person of a view: nothing.
  for (const op of operations.filter((o) => o.method === 'GET' && !o.public && !o.path.includes('{'))) {
    for (const [name, id] of Object.entries({ person: p.person, promoter: p.person, unit: p.unit, customer: p.customer, product: p.product, login: p.login, period: p.period, sales_order: p.sales_order })) {
      const answer = await c.admin.get(op.path, { query: { [name]: id } })
      if (answer.status === 200 && answer.body?.items?.length && answer.body.items.some((i) => i[name] === id)) wrong.push(`${label(op)}?${name}: found`)
      if (answer.status >= 500) wrong.push(`${label(op)}?${name}: ${answer.status}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('lists and exports carry rows of the own company only', async () => {
  const lists = operations.filter((op) => op.method === 'GET' && !op.public && !op.path.includes('{'))
  await each(lists, async (op) => {
    const xlsx = op.path.endsWith('/export')
    const answer = await c.admin.get(op.path, { query: xlsx ? { format: 'csv' } : op.path === '/overview' ? {} : { limit: '200' } })
    assert.ok(answer.status < 500 && answer.status !== 403 && answer.status !== 401, `${answer.status}: ${answer.text.slice(0, 160)}`)
    for (const text of foreignText) assert.ok(!answer.text.includes(text), `carries ${text}`)
  })
  for (const op of lists.filter((o) => operations.some((x) => x.path === o.path + '/export'))) {
    const answer = await c.admin.get(op.path, { query: { search: MARK } })
    if (answer.status === 200) assert.equal(answer.body.items.length, 0, label(op))
  }
})

test('out of reach: rows of others are not listed, and their ids are 404', async () => {
  const wrong = []
  for (const op of operations) {
    if (op.method !== 'GET' || op.path.includes('{') || !['person', 'unit', 'via'].includes(op.scope)) continue
    if (op.path.endsWith('/export')) {
      const answer = await own.get(op.path, { query: { format: 'csv' } })
      if (answer.text.includes(FAR)) wrong.push(`${label(op)} carries what belongs to others`)
      continue
    }
    const seen = new Set((await own.all(op.path)).map((row) => row.id))
    const there = c.sql(`SELECT id FROM ${op.entity} WHERE org = ${c.ids.alphaId} ORDER BY id`).map((row) => row[0])
    const hidden = there.filter((id) => !seen.has(id))
    if (!hidden.length) {
      wrong.push(`${label(op)}: nothing is out of reach (${there.length} rows), so nothing is proven`)
      continue
    }
    for (const other of operations.filter((o) => o.path.startsWith(op.path + '/{id}'))) {
      const answer = await call(own, other, hidden[0])
      if (answer.status !== 404) wrong.push(`${label(other)} with an id out of reach: ${answer.status} ${answer.text.slice(0, 120)}`)
    }
  }
  // The same for what stands behind the settlement's own routes.
  for (const [where, table] of [['/statements', 'statement']]) {
    const far = c.sql(`SELECT id FROM ${table} WHERE org = ${c.ids.alphaId} AND person_id <> ${c.w.person.li}`).map((row) => row[0])
    if (!far.length) wrong.push(`nobody else has a ${table}`)
    for (const op of operations.filter((o) => o.path.startsWith(where + '/{id}'))) {
      const answer = await call(own, op, far[0])
      if (answer.status !== 404) wrong.push(`${label(op)} with an id out of reach: ${answer.status}`)
    }
    const listed = await own.all(where)
    if (listed.some((row) => (row.person.id ?? row.person) !== c.w.person.li)) wrong.push(`${where} lists others`)
  }
  assert.deepEqual(wrong, [])
})

test('an order or a token for somebody out of reach is refused', async () => {
  const content = { promoter: c.w.person.chen, items: [{ product: c.w.product.tea, quantity: 1 }] }
  const boss = ok(await c.admin.get('/me')).login
  const token = await own.post('/api-tokens/issue', { login: boss.id, name: 'x' })
  assert.ok([400, 404].includes(token.status), `${token.status} ${token.text}`)
  const answer = await own.post('/orders/post', content)
  assert.ok([400, 404].includes(answer.status), `${answer.status} ${answer.text}`)
  ok(await own.post('/orders/post', { ...content, promoter: c.w.person.li }))
})

test('no answer to this company carried a byte of the other one', () => {
  assert.deepEqual([...new Set(leaks)].slice(0, 20), [])
  assert.ok(!c.log.includes(MARK), 'nor does the log of the server carry names')
})
