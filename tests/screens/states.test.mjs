/* Every page while it waits, when it fails, when it may not, when there is nothing. The answers of the server are replaced on their way. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { NARROW, device, inspect, open, signIn } from './lib.mjs'

let o
before(async () => { o = await open() })
after(() => o?.close())

/* page → the request that feeds it */
const desk = {
  overview: ['/overview', /\/api\/v1\/overview/], resource: ['/r/customers', /\/api\/v1\/customers/], settlement: ['/settlement', /\/api\/v1\/periods/], statements: ['/statements', /\/api\/v1\/statements/], statement: ['/statements/1', /\/api\/v1\/statements\/1$/],
  playbooks: ['/playbooks', /\/api\/v1\/playbooks/], plan: ['/plans/1', /\/api\/v1\/plan-versions\/1/], jobs: ['/jobs', /\/api\/v1\/jobs/], settings: ['/settings', /\/api\/v1\/settings/],
}
const phone = { earnings: ['/m/', /\/api\/v1\/me\/earnings$/], 'm-statements': ['/m/statements', /\/api\/v1\/statements/], 'm-orders': ['/m/orders', /\/api\/v1\/orders/], 'm-statement': ['/m/statements/1', /\/api\/v1\/statements\/1$/] }
const problem = (status, code) => ({ status, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: code, status, code, detail: '', errors: [] }) })
const LISTS = new Set(['resource', 'settlement', 'statements', 'playbooks', 'jobs', 'settings', 'm-statements', 'm-orders'])

for (const [group, pages] of [['desk', desk], ['phone', phone]]) {
  for (const [name, [path, request]] of Object.entries(pages)) {
    test(`${name}: loading, failed, not allowed${LISTS.has(name) ? ', empty' : ', not there'}`, { timeout: 90_000 }, async () => {
      const { page, complaints, context } = await device(o.browser, group === 'phone' ? NARROW : undefined)
      await signIn(page, group === 'phone' ? 'promoter' : 'hq', group === 'phone')
      const findings = []
      const shows = async (state, answer) => {
        await page.route(request, (route) => route.fulfill(answer))
        await page.goto(path)
        await page.locator(`[data-testid=state-${state}]`).first().waitFor()
        findings.push(...(await inspect(page, `state-${name}-${state}`)))
        await page.unroute(request)
      }
      let release
      const held = new Promise((done) => { release = done })
      await page.route(request, async (route) => { await held; await route.abort().catch(() => undefined) })
      await page.goto(path)
      await page.locator('[data-testid=state-loading]').first().waitFor()
      release()
      await page.unroute(request)
      await shows('error', problem(500, 'internal'))
      const retry = page.locator('[data-testid=state-error] button').first()
      assert.ok(await retry.isVisible(), 'an error offers to try again')
      await shows('denied', problem(403, 'forbidden'))
      if (LISTS.has(name)) await shows('empty', { status: 200, contentType: 'application/json', body: '{"items":[],"next":null}' })
      else if (name !== 'overview' && name !== 'earnings') await shows('missing', problem(404, 'not_found'))
      await context.close()
      assert.deepEqual(findings, [])
      assert.deepEqual(complaints, [])
    })
  }
}

test('a lost session leads to the sign-in and back to the same page', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser)
  await signIn(page, 'hq')
  await page.goto('/jobs')
  await page.locator('[data-testid=page-jobs]').waitFor()
  await page.waitForLoadState('networkidle')
  await page.context().clearCookies()
  await page.locator('main .btn').first().click()
  await page.waitForURL(/sign-in\?.*to=/)
  assert.match(decodeURIComponent(page.url()), /to=\/jobs/)
  await context.close()
})

test('a network that is gone is said, and a retry brings the page', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser)
  await signIn(page, 'hq')
  await page.route(/\/api\/v1\/settings/, (route) => route.abort())
  await page.goto('/settings')
  await page.locator('[data-testid=state-error]').waitFor()
  assert.match(await page.locator('[data-testid=state-error]').innerText(), /网络/)
  await page.unroute(/\/api\/v1\/settings/)
  await page.locator('[data-testid=state-error] button').click()
  await page.locator('[data-testid=state-error]').waitFor({ state: 'detached' })
  await context.close()
})

test('what a page may not show it does not offer', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser)
  await signIn(page, 'supervisor')
  await page.goto('/account')
  await page.locator('[data-testid=page-account]').waitFor()
  await page.waitForTimeout(500)
  for (const nav of ['settings', 'orderImport']) assert.equal(await page.locator(`[data-testid=nav-${nav}]`).count(), 0, nav)
  await page.goto('/settings')
  await page.locator('[data-testid=state-denied], [data-testid=state-missing]').first().waitFor()
  await context.close()
})
