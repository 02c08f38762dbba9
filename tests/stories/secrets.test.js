// What must never lie about in the clear: personal data in the database, its log, backups, exports and
// the server's messages (RELIABILITY S6); keys in the database, on command lines, in messages (S8).
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { PASSWORD, company, ok, temporary, world } from './kit.js'

/** The ways in which a text may be written down. */
function disguises(text) {
  const bytes = Buffer.from(text)
  const swapped = Buffer.from(text, 'utf16le').swap16()
  const all = [['plain', bytes], ['reversed', Buffer.from([...text].reverse().join(''))], ['hex', Buffer.from(bytes.toString('hex'))], ['HEX', Buffer.from(bytes.toString('hex').toUpperCase())], ['UTF-16', Buffer.from(text, 'utf16le')], ['UTF-16BE', swapped]]
  // Base64 depends on where in the text it begins: the part that does not, for each of the three places.
  for (let shift = 0; shift < 3; shift++) {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replace(/=+$/, '')
    const part = whole.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6) - 1)
    if (part.length >= 8) all.push(['base64', Buffer.from(part)], ['base64url', Buffer.from(part.replaceAll('+', '-').replaceAll('/', '_'))])
  }
  return all
}

/** One pass over the bytes for all secrets: runs of letters and digits are looked up by their beginning. */
function search(name, haystack, secrets) {
  const starts = new Map()
  for (const secret of secrets)
    for (const [how, needle] of disguises(secret)) {
      if (/^UTF/.test(how)) continue // found below, where the zeros are left out
      const head = needle.toString('latin1').slice(0, 6)
      if (!starts.has(head)) starts.set(head, [])
      starts.get(head).push([secret, how, needle.toString('latin1')])
    }
  const found = []
  for (const text of [haystack.toString('latin1'), haystack.filter((b) => b !== 0).toString('latin1')])
    for (const run of text.matchAll(/[\w+/=-]{8,}/g))
      for (let at = 0; at + 6 <= run[0].length; at++)
        for (const [secret, how, needle] of starts.get(run[0].substr(at, 6)) ?? []) if (run[0].startsWith(needle, at)) found.push(`${name} holds ${secret} (${how})`)
  return found
}

function filesOf(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((e) => {
    const name = path.join(folder, e.name)
    return e.isDirectory() ? filesOf(name) : e.isFile() ? [name] : []
  })
}

test('planted ID numbers, phones and cards are found nowhere in the clear (S6)', async (t) => {
  const c = await company(t, { serve: ['--access-log', '--log', 'debug'] })
  const w = await world(c, { secrets: false })
  const secrets = []
  const rows = []
  for (let i = 0; i < 333; i++) {
    const phone = `186${String(70000000 + i * 7919)}`
    const id = `4403051988${String(10000000 + i * 6113).slice(0, 8)}`
    const card = `62284800${String(10000000000 + i * 104729)}`
    secrets.push(phone, id, card)
    rows.push(`S${i},人${i},t-s1,2026-01-05,${phone},${id},${card}`)
  }
  // Every third on its own, the rest as a sheet.
  const head = 'number,name,unit,joined_on,phone,id_number,bank_card\n'
  const imported = await c.admin.post('/people/import', head + rows.filter((_, i) => i % 3).join('\n') + '\n')
  ok(imported)
  assert.equal(imported.body.created, 222, imported.text.slice(0, 400))
  for (const row of rows.filter((_, i) => i % 3 === 0)) {
    const [number, name, , joined_on, phone, id_number, bank_card] = row.split(',')
    ok(await c.admin.post('/people', { number, name, unit: w.unit.s1, joined_on, phone, id_number, bank_card }))
  }
  // Refused requests and searches are told about, but not with their content.
  await c.admin.post('/people', { number: 'S0', name: 'x', phone: secrets[0], id_number: secrets[1] })
  await c.admin.post('/people', { number: 'y', name: 'y', unit: w.unit.s1, joined_on: 'x', bank_card: secrets[2] + 'xx' })
  const found = []
  const listed = await c.admin.get('/people', { query: { limit: '200' } })
  found.push(...search('a list', listed.bytes, secrets))
  const out = await c.admin.get('/people/export', { query: { format: 'csv' } })
  found.push(...search('an export', out.bytes, secrets))
  const id = ok(await c.admin.get('/people', { query: { number: 'S7' } })).items[0].id
  ok(await c.admin.post(`/people/${id}/reveal`, { field: 'phone', purpose: '核对' }))
  found.push(...search('a history', (await c.admin.get(`/people/${id}/history`)).bytes, secrets))
  if (c.database) found.push(...search('the dump', execFileSync('pg_dump', ['--inserts', c.database.url], { maxBuffer: 1 << 28 }), secrets))
  const look = () => {
    for (const name of filesOf(c.folder)) found.push(...search(path.basename(name), fs.readFileSync(name), secrets))
  }
  look() // with the write-ahead log in place
  const backup = path.join(temporary(t), 'b.zip')
  assert.equal((await c.cli('backup', backup)).code, 0)
  execFileSync('unzip', ['-q', backup, '-d', backup + '.d'])
  found.push(...search('the backup', fs.readFileSync(backup), secrets))
  for (const name of filesOf(backup + '.d')) found.push(...search('in the backup: ' + path.basename(name), fs.readFileSync(name), secrets))
  await c.stop()
  look()
  found.push(...search('the messages of the server', Buffer.from(c.log + c.out), secrets))
  assert.deepEqual([...new Set(found)].slice(0, 10), [])
  // A control: the same search sees what is not secret.
  const control = c.database ? execFileSync('pg_dump', ['--inserts', c.database.url], { maxBuffer: 1 << 28 }) : fs.readFileSync(path.join(c.folder, 'qibing.db'))
  assert.ok(search('x', control, ['2026-planted-2026']).length === 0)
  for (const [how, bytes] of disguises(secrets[5])) assert.ok(search('x', Buffer.concat([Buffer.from('ab '), bytes, Buffer.from(' c')]), secrets).length > 0, `the search sees ${how}`)
  assert.ok(search('x', control, ['personid', 'CREATE']).length >= 0 && control.includes('人7'), 'and what is not secret is there to be read')
})

test('keys, passwords and tokens: not in the database, on command lines, in the environment, in messages (S8)', async (t) => {
  const c = await company(t, { serve: ['--access-log', '--log', 'debug'] })
  const me = ok(await c.admin.get('/me'))
  const token = ok(await c.admin.post('/api-tokens/issue', { login: me.login.id, name: 'ERP' })).token
  const code = ok(await c.admin.post('/me/totp')).secret
  await c.client().signIn('admin', 'a-wrong-pass-word')
  const program = c.client()
  program.bearer = token
  ok(await program.get('/me'))
  const w = await world(c)
  ok(await c.admin.post('/orders/post', { promoter: w.person.li, items: [{ product: w.product.tea, quantity: 1 }] }))
  await new Promise((r) => setTimeout(r, 1000)) // until the log has a key
  const keyFiles = filesOf(path.join(c.folder, 'keys'))
  assert.ok(keyFiles.length >= 1)
  for (const name of keyFiles) assert.equal(fs.statSync(name).mode & 0o077, 0, `${name} is for its owner alone`)
  assert.equal(fs.statSync(c.folder).mode & 0o077, 0, 'so is the data folder')

  const secrets = [PASSWORD, c.passwords.alpha, 'a-wrong-pass-word', token, c.admin.cookie, c.admin.csrf, code]
  const pieces = [...secrets.map((s) => ['text', Buffer.from(s)])]
  for (const name of keyFiles) {
    const bytes = fs.readFileSync(name)
    if (bytes.length < 16) continue
    pieces.push(['key', bytes], ['key hex', Buffer.from(bytes.toString('hex'))], ['key base64', Buffer.from(bytes.toString('base64').slice(0, 40))])
  }
  const found = []
  const look = (where, bytes, except = []) => {
    for (const [how, needle] of pieces) if (!except.includes(needle.toString()) && bytes.includes(needle)) found.push(`${where}: ${how} ${needle.toString('latin1').slice(0, 12)}`)
  }
  look('argv', fs.readFileSync(`/proc/${c.pid}/cmdline`))
  look('environment', fs.readFileSync(`/proc/${c.pid}/environ`))
  look('messages', Buffer.from(c.log + c.out))
  // The CSRF token is compared, not proven: it is kept as it is, and worth nothing without the cookie.
  if (c.database) look('dump', execFileSync('pg_dump', ['--inserts', c.database.url], { maxBuffer: 1 << 28 }), [c.admin.csrf])
  for (const name of filesOf(c.folder)) if (!name.includes('/keys/')) look(path.basename(name), fs.readFileSync(name), [c.admin.csrf])
  assert.deepEqual([...new Set(found)], [])
  const limits = fs.readFileSync(`/proc/${c.pid}/limits`, 'utf8')
  const core = /Max core file size\s+(\S+)/.exec(limits)[1]
  let readable = true
  try {
    fs.accessSync(`/proc/${c.pid}/mem`, fs.constants.R_OK)
    readable = fs.statSync(`/proc/${c.pid}/environ`).uid !== 0 || process.getuid() === 0
  } catch {
    readable = false
  }
  // PR_SET_DUMPABLE 0 gives /proc/PID to root; a core limit of 0 is the other way.
  assert.ok(core === '0' || fs.statSync(`/proc/${c.pid}/environ`).uid === 0 || !readable, 'no core dump of the server')
})
