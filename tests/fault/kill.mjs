// kill.mjs --kills N [--clients 64] [--seed N] - kill -9 of the server at random moments under writing
// clients (RELIABILITY R1, R8). Each client posts orders and repeats a request with the same
// Idempotency-Key until it has read a 2xx. In the end: no acknowledged order is missing, none exists
// twice, a repeated request gets the same bytes, the books of the proof log are whole.
//
// The last part is a control: an acknowledged order is removed behind the server's back, and the same
// questions must find it. SQLite, or PostgreSQL by QIBING_DATABASE.
import { cluster, company, ok, pause, world } from '../stories/kit.js'

const word = (name, other) => {
  const at = process.argv.indexOf('--' + name)
  return at < 0 ? other : Number(process.argv[at + 1])
}
const kills = word('kills', 50)
const clients = word('clients', 64)
const seed = word('seed', Date.now() % 1_000_000)
console.log(`seed ${seed}, ${kills} kills, ${clients} clients, ${cluster ? 'PostgreSQL' : 'SQLite'}`)

// mulberry32: enough to choose moments, and to choose them again.
let state = seed
function random() {
  state = (state + 0x6d2b79f5) | 0
  let x = Math.imul(state ^ (state >>> 15), 1 | state)
  x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
  return ((x ^ (x >>> 14)) >>> 0) / 4294967296
}

let passed = 0
let failed = 0
function check(what, good, more = '') {
  if (good) passed++
  else failed++
  console.log(`${good ? 'ok    ' : 'FAILED'} ${what} ${more}`)
}

const afters = []
const t = { after: (f) => afters.push(f) }

async function main() {
  const c = await company(t)
  const w = await world(c, { secrets: false })
  // One login for all: what is measured is the posting, not the signing in.
  const poster = await c.login('poster', { permissions: { 'order.post': 'org', 'order.read': 'org' } })
  const people = ['wang', 'zhang', 'li', 'zhao', 'chen'].map((name) => w.person[name])
  const products = Object.values(w.product)

  const acked = [] // { key, order, order_no, amount, bytes, prepared }
  let unknown = 0 // answers that never came: the request was repeated
  let repeated = 0
  let stopping = false
  const surprises = []

  async function client(number) {
    for (let n = 0; !stopping; n++) {
      const body = {
        // Every second order is numbered by the server, so that a second one would be a row of its own.
        ...(n % 2 ? { order_no: `K${number}-${n}` } : {}),
        promoter: people[(number + n) % people.length],
        items: Array.from({ length: 1 + (n % 3) }, (_, i) => ({ product: products[(n + i) % products.length], quantity: 1 + ((number + i) % 9) })),
        paid_fen: 100 + n,
      }
      const prepared = poster.prepare('POST', '/orders/post', body)
      for (let attempt = 0; ; attempt++) {
        let answer = null
        try {
          answer = await poster.send(prepared, { timeout: 10_000 })
        } catch {
          unknown++
        }
        if (answer && answer.status >= 200 && answer.status < 300) {
          acked.push({ ...answer.body, text: answer.text, status: answer.status, prepared })
          break
        }
        if (answer && ![429, 500, 502, 503, 504].includes(answer.status)) {
          surprises.push(`${answer.status} ${answer.text.slice(0, 300)}`)
          break
        }
        repeated += attempt > 0 ? 1 : 0
        await pause(20 + 30 * random())
        if (attempt > 600) {
          surprises.push('gave up: ' + (answer ? answer.text : 'no answer'))
          break
        }
      }
    }
  }

  const running = Array.from({ length: clients }, (_, i) => client(i))
  const restarts = []
  for (let i = 0; i < kills; i++) {
    // Not before something was acknowledged since the start: a server that never works would pass.
    const before = acked.length
    const patience = Date.now() + 20_000
    while (acked.length === before && Date.now() < patience) await pause(5)
    await pause(10 + 500 * random())
    await c.kill()
    await c.start()
    restarts.push(c.startMs)
  }
  stopping = true
  await Promise.all(running)
  restarts.sort((a, b) => a - b)
  const ms = (x) => `${Math.round(x)} ms`
  console.log(`${acked.length} orders acknowledged, ${unknown} answers lost, ${repeated} repeated more than once; restart median ${ms(restarts[restarts.length >> 1])}, longest ${ms(restarts.at(-1))}`)
  check('only 2xx and passing failures were answered', surprises.length === 0, [...new Set(surprises)].slice(0, 3).join(' | '))
  check('work was done between the kills', acked.length > kills * 10, `${acked.length}`)
  check('it restarts within 2 s', restarts.at(-1) < 2000, ms(restarts.at(-1)))
  check('answers were lost, so retries were tested', unknown > 0, `${unknown}`)

  // A repeated request is answered from what was kept: byte by byte.
  let differ = 0
  for (let i = 0; i < 200; i++) {
    const one = acked[Math.floor(random() * acked.length)]
    const again = await poster.send(one.prepared)
    if (again.status !== one.status || again.text !== one.text) differ++
  }
  check('200 repeated requests get the same bytes', differ === 0, `${differ} differ`)

  await c.stop()
  const asked = () => {
    const rows = new Map()
    let twice = 0
    for (const [id, no, amount, lines, collected] of c.sql('SELECT id, order_no, amount, lines, collected FROM sales_order')) {
      if (rows.has(id)) twice++
      rows.set(id, { no, amount, lines, collected })
    }
    const lost = acked.filter((a) => rows.get(a.order)?.no !== a.order_no || rows.get(a.order)?.amount !== String(a.amount_fen))
    const numbers = new Set([...rows.values()].map((r) => r.no))
    const torn = c.sql(`SELECT o.id FROM sales_order o
      LEFT JOIN (SELECT sales_order_id AS id, count(*) AS n, sum(amount) AS a FROM order_line GROUP BY sales_order_id) l ON l.id = o.id
      LEFT JOIN (SELECT sales_order_id AS id, sum(amount) AS a FROM collection GROUP BY sales_order_id) k ON k.id = o.id
      WHERE o.lines <> coalesce(l.n, 0) OR o.amount <> coalesce(l.a, 0) OR o.collected <> coalesce(k.a, 0)`).length
    return { lost: lost.length, extra: rows.size - new Set(acked.map((a) => a.order)).size, twice: twice + rows.size - numbers.size, torn }
  }
  const found = asked()
  check('no acknowledged order is missing', found.lost === 0, `${found.lost} lost`)
  check('each key made one order', new Set(acked.map((a) => a.order)).size === acked.length && found.extra === 0, `${found.extra} more than keys`)
  check('no order number exists twice', found.twice === 0)
  check('lines and collections add up to their order', found.torn === 0, `${found.torn} torn`)
  const clean = await c.cli('check', { timeout: 300_000 })
  check('qibing check is clean', clean.code === 0, (clean.err + clean.out).slice(-400).trim())

  // The control: if this is not seen, none of the above proves anything.
  const victim = acked[Math.floor(random() * acked.length)].order
  c.tamper(`DELETE FROM order_line WHERE sales_order_id = ${victim}; DELETE FROM collection WHERE sales_order_id = ${victim}; DELETE FROM sales_order WHERE id = ${victim};`)
  const control = asked()
  check('control: a lost order is seen', control.lost === 1 && control.extra === -1)
  const dirty = await c.cli('check', { timeout: 300_000 })
  check('control: qibing check names it', dirty.code === 1, (dirty.err + dirty.out).slice(-300).trim())
}

try {
  await main()
} catch (error) {
  check('the loop came to its end', false, error.stack)
}
for (const f of afters.reverse()) {
  try {
    await f()
  } catch (error) {
    check('the end is clean', false, error.message)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
