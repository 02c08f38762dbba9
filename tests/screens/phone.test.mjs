/* The phone view: what did I earn, why, and is it true. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESK, NARROW, device, inspect, open, settled, signIn } from './lib.mjs'

let o
before(async () => { o = await open() })
after(() => o?.close())

for (const [size, tag] of [[NARROW, '360'], [DESK, '1440']]) {
  test(`COM-9 a promoter sees today, period and last statement, taps and reads why, at ${tag}`, { timeout: 150_000 }, async () => {
    const { page, complaints, context } = await device(o.browser, size, size === NARROW ? { hasTouch: true, isMobile: true } : {})
    const findings = []
    const see = async (name, more) => findings.push(...(await inspect(page, `phone-${name}-${tag}`, more)))
    await page.goto('/m/sign-in')
    await see('sign-in')
    await signIn(page, 'promoter', true)
    await page.locator('[data-testid=period-net]').waitFor()
    assert.match(await page.locator('[data-testid=period-net]').innerText(), /^[−]?¥[\d,]+\.\d\d$/)
    await see('earnings')
    if (await page.locator('[data-testid=component]').count()) {
      await page.locator('[data-testid=component]').first().click()
      await page.locator('[data-testid=explain]').waitFor()
      await see('why', { full: false })
      await page.keyboard.press('Escape')
      await page.locator('[data-testid=explain]').waitFor({ state: 'detached' })
    }
    if (await page.locator('[data-testid=line]').count()) {
      await page.locator('[data-testid=line]').first().click()
      await page.locator('[data-testid=explain]').waitFor()
      assert.equal(await page.locator('[data-testid=explain] .off').count(), 0, 'a sum does not hold')
      await see('line', { full: false })
      await page.locator('[data-testid=sheet-close]').click()
    }
    await page.locator('[data-testid=tab-statements]').click()
    await page.locator('[data-testid=m-statements]').waitFor()
    await see('statements')
    await page.locator('[data-testid=tab-orders]').click()
    await page.locator('[data-testid=m-orders]').waitFor()
    await see('orders')
    await page.locator('[data-testid=tab-me]').click()
    await page.locator('[data-testid=large]').click()
    await see('me-large')
    await page.locator('[data-testid=lang]').click()
    await page.locator('[data-testid=tab-earnings]').click()
    await see('earnings-large-en')
    await context.close()
    assert.deepEqual(findings, [])
    assert.deepEqual(complaints, [])
  })
}

test('a promoter verifies the last statement on the phone', { timeout: 90_000 }, async (t) => {
  const { page, complaints, context } = await device(o.browser, NARROW, { hasTouch: true, isMobile: true })
  await signIn(page, 'promoter', true)
  await page.locator('[data-testid=period-net]').waitFor()
  const last = page.locator('[data-testid=last]')
  if (!(await last.count())) return t.skip('this promoter has no statement')
  await last.click()
  await page.locator('[data-testid=verify-run]').click()
  await page.locator('[data-testid=verdict]').waitFor()
  assert.equal(await page.locator('[data-testid=verdict]').getAttribute('data-outcome'), 'proven', await page.locator('[data-testid=verdict]').innerText())
  assert.deepEqual(await inspect(page, 'phone-verified'), [])
  assert.deepEqual(complaints, [])
  await context.close()
})

test('phones do not load the widgets of the desk', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser, NARROW)
  const loaded = []
  page.on('response', async (r) => loaded.push(r.url()))
  await signIn(page, 'promoter', true)
  await settled(page)
  assert.ok(!loaded.some((u) => /\/assets\/desk-/.test(u)), loaded.join('\n'))
  await context.close()
})

test('what can be pressed is at least 44 px high', { timeout: 60_000 }, async () => {
  const { page, context } = await device(o.browser, NARROW, { hasTouch: true, isMobile: true })
  await signIn(page, 'promoter', true)
  await settled(page)
  const small = await page.evaluate(() => [...document.querySelectorAll('main button, main a, .van-tabbar-item')].filter((e) => e.getClientRects().length && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML.slice(0, 80)))
  assert.deepEqual(small, [])
  await context.close()
})
