/* Every page of the desk at 360 and 1440 pixels: it fits, axe finds nothing serious, nothing leaves the server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESK, NARROW, device, inspect, open, settled, signIn } from './lib.mjs'

let o
before(async () => { o = await open() })
after(() => o?.close())

const get = (page, path) => page.evaluate(async (p) => (await fetch('/api/v1' + p)).json(), path)

for (const [size, tag] of [[DESK, '1440'], [NARROW, '360']]) {
  test(`all pages at ${tag}`, { timeout: 240_000 }, async (t) => {
    const { page, complaints, context } = await device(o.browser, size)
    const findings = []
    await page.goto('/sign-in')
    findings.push(...(await inspect(page, `desk-sign-in-${tag}`)))
    await signIn(page, 'hq')
    await settled(page)
    const overview = await get(page, '/overview')
    const unit = overview.children?.[0]
    const statement = (await get(page, '/statements?limit=1')).items?.[0]
    const plan = (await get(page, '/plan-versions?limit=1')).items?.[0]
    const meta = await get(page, '/meta')
    const pages = {
      overview: '/overview', ...(unit && { unit: `/overview?unit=${unit.id}` }), import: '/orders/import', settlement: '/settlement', statements: '/statements', ...(statement && { statement: `/statements/${statement.id}` }),
      playbooks: '/playbooks', ...(plan && { plan: `/plans/${plan.id}` }), jobs: '/jobs', settings: '/settings', account: '/account', lost: '/no-such-page',
      ...Object.fromEntries(meta.resources.map((r) => [`r-${r.route}`, `/r/${r.route}`])),
    }
    for (const [name, path] of Object.entries(pages)) {
      await t.test(name, async () => {
        await page.goto(path)
        const found = await inspect(page, `desk-${name}-${tag}`)
        assert.deepEqual(found, [])
        assert.equal(await page.locator('[data-testid=state-error]').count(), 0, 'an error is shown')
        assert.equal(await page.locator('h1').count() + (name === 'lost' ? 1 : 0), 1, 'one heading')
      })
    }
    await context.close()
    assert.deepEqual(findings, [])
    assert.deepEqual(complaints, [])
  })
}

test('ORG-3 the overview drills down from region to squad to person to statement to line', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser)
  await signIn(page, 'hq')
  await page.goto('/overview')
  /* The first row with orders: head office sells nothing. `at` is the column of the orders. */
  const busy = (table, at) => page.locator(`[data-testid=${table}] tbody tr`).filter({ has: page.locator(`td:nth-child(${at})`, { hasText: /[1-9]/ }) }).locator('a').first()
  for (let depth = 0; depth < 5; depth++) {
    await settled(page)
    if (!(await page.locator('[data-testid=units] a').count())) break
    const before = page.url()
    await busy('units', 5).click()
    await page.waitForURL((url) => url.href !== before)
  }
  await busy('people', 2).click()
  await page.waitForURL(/\/statements\//)
  await page.locator('[data-testid=why-line]').first().click()
  const tree = page.locator('[data-testid=explain]')
  await tree.waitFor()
  assert.match(await tree.innerText(), /¥/)
  assert.equal(await tree.locator('.off').count(), 0, 'a sum does not hold')
  await context.close()
})

test('the language switches and stays', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser)
  await page.goto('/sign-in')
  assert.equal(await page.locator('h1').innerText(), '登录')
  await page.locator('[data-testid=lang]').click()
  assert.equal(await page.locator('h1').innerText(), 'Sign in')
  await signIn(page, 'hq')
  await settled(page)
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en')
  await page.reload()
  await settled(page)
  assert.equal(await page.locator('h1').innerText(), 'Month overview')
  await context.close()
})

test('the keyboard alone signs in, skips to the content, opens and closes a form', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser)
  await signIn(page, 'hq')
  await page.goto('/r/customers')
  await settled(page)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => location.hash), '#main')
  const create = page.locator('[data-testid=create]')
  await create.focus()
  await page.keyboard.press('Enter')
  await page.locator('[data-testid=record-form]').waitFor()
  await page.waitForTimeout(500)
  assert.ok(await page.evaluate(() => !!document.activeElement.closest('.el-drawer')), 'focus is in the form')
  await page.keyboard.press('Escape')
  await page.locator('[data-testid=record-form]').waitFor({ state: 'detached' })
  await context.close()
})

test('the wrong password says what to do, and the company is asked once per device', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser)
  await signIn(page, 'hq')
  await page.locator('[data-testid=sign-out]').click()
  await page.waitForURL(/sign-in/)
  assert.equal(await page.locator('[data-testid=org]').count(), 0)
  await page.locator('#si-name').fill('hq')
  await page.locator('#si-password').fill('not-the-password')
  await page.locator('[data-testid=submit]').click()
  await page.locator('[data-testid=sign-in-error]').waitFor()
  assert.match(await page.locator('[data-testid=sign-in-error]').innerText(), /管理员|频繁/)
  await context.close()
})
