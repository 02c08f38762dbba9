// soak.mjs SECONDS - see soak.sh.
import fs from 'node:fs'
import path from 'node:path'
import { company, ok } from '../tests/stories/kit.js'
import { world } from '../tests/stories/world.js'

const seconds = Number(process.argv[2] ?? 1800), clients = 16
const afters = []
const c = await company({ after: (f) => afters.push(f) })
const w = await world(c, { secrets: false })
const size = (name) => { try { return fs.statSync(path.join(c.folder, name)).size } catch { return 0 } }
const until = Date.now() + seconds * 1000
let posted = 0, read = 0

async function work() {
  while (Date.now() < until) {
    ok(await c.admin.post('/orders/post', { promoter: w.person.li, customer: w.customer.c2, items: [{ product: w.product.tea, quantity: 1 }] }))
    posted++
    ok(await c.admin.get('/orders?limit=20'))
    read++
  }
}

const samples = []
function sample() {
  const status = fs.readFileSync(`/proc/${c.pid}/status`, 'utf8')
  const kib = Number(/VmRSS:\s+(\d+)/.exec(status)[1])
  const files = fs.readdirSync(`/proc/${c.pid}/fd`).length
  samples.push({ at: Date.now(), kib })
  console.log(`${new Date().toISOString()}  RSS ${(kib / 1024).toFixed(1)} MB  files ${files}  log ${(size('qibing.db-wal') / 1e6).toFixed(1)} MB  orders ${posted}  reads ${read}`)
}

const every = setInterval(sample, Math.max(1000, seconds * 1000 / 20))
await Promise.all(Array.from({ length: clients }, work))
clearInterval(every)
sample()
const late = samples.slice(Math.floor(samples.length / 3))
const hours = (late.at(-1).at - late[0].at) / 3.6e6
console.log(`memory after the first third: ${((late.at(-1).kib - late[0].kib) / 1024 / hours).toFixed(1)} MB per hour (the month's orders stay in the database, not in memory)`)
for (const f of afters.reverse()) await f()
