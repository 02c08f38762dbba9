// The server remembers who asks and what it answered: never past the change that makes it untrue.
import test from 'node:test'
import assert from 'node:assert/strict'
import { company, ok, refused } from './kit.js'
import { ROLES, calculate, build_business, world } from './world.js'

const warm = async (client, where) => {
  for (let i = 0; i < 5; i++) ok(await client.get(where))
}

test('a permission that is taken away is gone with the next request', async (t) => {
  const c = await company(t)
  const ann = await c.login('ann', { permissions: { 'org.read': 'org' } })
  const role = ok(await c.admin.get('/roles', { query: { code: 'r-ann' } })).items[0]
  for (let round = 0; round < 3; round++) {
    await warm(ann, '/units')
    const none = ok(await c.admin.patch(`/roles/${role.id}`, { permissions: {} }, { ifMatch: '*' }))
    assert.deepEqual(none.permissions, {})
    refused(await ann.get('/units'), 403)
    ok(await c.admin.patch(`/roles/${role.id}`, { permissions: { 'org.read': 'org' } }, { ifMatch: '*' }))
  }
  await warm(ann, '/units')
  const grant = ok(await c.admin.get('/role-grants', { query: { login: ann.login.id } })).items[0]
  ok(await c.admin.post(`/role-grants/${grant.id}/archive`, {}, { ifMatch: '*' }))
  refused(await ann.get('/units'), 403)
})

test('an API token that is revoked, a login that is disabled: nothing more with the next request', async (t) => {
  const c = await company(t)
  const bob = await c.login('bob', { permissions: { 'org.read': 'org' } })
  const token = ok(await c.admin.post('/api-tokens/issue', { login: bob.login.id, name: 'x' })).token
  const machine = c.client()
  machine.bearer = token
  await warm(machine, '/units')
  const row = ok(await c.admin.get('/api-tokens', { query: { login: bob.login.id } })).items[0]
  ok(await c.admin.post(`/api-tokens/${row.id}/revoke`, {}, { ifMatch: '*' }))
  refused(await machine.get('/units'), 401)
  await warm(bob, '/units')
  ok(await c.admin.post(`/logins/${bob.login.id}/disable`, {}, { ifMatch: '*' }))
  refused(await bob.get('/units'), 401)
})

test('a statement shows a new name at once; out of reach it stays what it was to others', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  await build_business(c, c.admin, w)
  const lead = await c.login('lead', { permissions: ROLES.supervisor, unit: w.unit.s1 })
  const all = ok(await c.admin.get('/statements')).items
  const mine = all.find((s) => s.person.id === String(w.person.zhang))
  const far = all.find((s) => s.person.id === String(w.person.chen))
  await warm(c.admin, `/statements/${far.id}`)
  refused(await lead.get(`/statements/${far.id}`), 404)
  await warm(lead, `/statements/${mine.id}`)
  const person = ok(await c.admin.get(`/people/${w.person.zhang}`))
  ok(await c.admin.patch(`/people/${person.id}`, { name: '张改名' }, { ifMatch: person.version }))
  assert.equal(ok(await lead.get(`/statements/${mine.id}`)).person.name, '张改名')
})

test('what is unlocked and calculated again shows its new state at once', async (t) => {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  const { period } = await build_business(c, c.admin, w)
  const statement = ok(await c.admin.get('/statements')).items[0]
  await warm(c.admin, `/statements/${statement.id}`)
  assert.equal(ok(await c.admin.get(`/statements/${statement.id}`)).state, 'locked')
  const version = ok(await c.admin.get(`/periods/${period}`)).version
  ok(await c.admin.post(`/periods/${period}/unlock`, { version, reason: '补录一笔订单' }))
  await calculate(c.admin, period)
  assert.notEqual(ok(await c.admin.get(`/statements/${statement.id}`)).state, 'locked')
})
