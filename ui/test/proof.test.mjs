/* The checks of a statement, against a log that other code wrote, and against the published vectors when they are at hand. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Log, logStatement, root as treeRoot } from '../dev/log.mjs'
import { load } from './bundle.mjs'

const { verifyStatement } = await load('kit/proof/verify.ts')
const merkle = await load('kit/proof/merkle.ts')

const content = { kind: 'statement', number: '2026-10-0001', period: '2026-10', net_fen: 123456 }
function company() {
  const log = new Log('pay.example/log/demo')
  for (let i = 0; i < 300; i++) log.commit('order', 'other', '2026-10', { n: i })
  const logged = logStatement(log, 'subject-1', '2026-10', content, [{ order: '1' }, { order: '2' }, { order: '3' }])
  for (let i = 0; i < 250; i++) log.commit('order', 'other', '2026-11', { n: i })
  return { log, logged }
}
function pins(pin = null) {
  return { pin, read() { return this.pin }, write(p) { this.pin = p } }
}
const check = (log, zip, more = {}) => verifyStatement({
  zip, vkey: log.vkey, fetchCheckpoint: async () => log.checkpoint(), fetchTile: async (path) => { const t = log.tile(path.replace(/^tile\//, '')); if (!t) throw new Error('no ' + path); return new Uint8Array(t) },
  pins: pins(), now: () => '2026-11-02T00:00:00Z', shown: { net_fen: 123456, number: '2026-10-0001' }, ...more,
})

test('an honest statement is proven, and the device remembers key and tree', async () => {
  const { log, logged } = company()
  const store = pins()
  const first = await check(log, log.zip(logged), { pins: store })
  assert.deepEqual(first.steps.filter((s) => s.state !== 'good'), [])
  assert.equal(first.outcome, 'proven')
  assert.equal(first.key, 'first')
  assert.equal(first.entries, 4)
  assert.equal(store.pin.vkey, log.vkey)
  for (let i = 0; i < 700; i++) log.commit('order', 'other', '2026-12', { n: i })
  const later = await check(log, log.zip(logged), { pins: store })
  assert.equal(later.outcome, 'proven')
  assert.equal(later.key, 'remembered')
})

test('an older zip is proven against the newer log', async () => {
  const { log, logged } = company()
  const zip = log.zip(logged)
  for (let i = 0; i < 513; i++) log.commit('order', 'other', '2026-12', { n: i })
  assert.equal((await check(log, zip)).outcome, 'proven')
})

const text = (edit) => (bytes) => Buffer.from(edit(bytes.toString()))
const lies = {
  'another amount': { 'statement.json': text((s) => s.replace('123456', '923456')) },
  'a byte of the salt': { 'statement.salt': text((s) => (s[0] === 'A' ? 'B' : 'A') + s.slice(1)) },
  'a byte of the entry': { 'statement.entry': text((s) => s.replace('2026-11-02', '2026-11-03')) },
  'spaces in the entry': { 'statement.entry': text((s) => s.replace('{', '{ ')) },
  'another index': { 'statement.tlog-proof': text((s) => s.replace(/index \d+/, 'index 5')) },
  'a smaller tree in the checkpoint': { 'statement.tlog-proof': text((s) => s.replace(/\n556\n/, '\n555\n')) },
  'no period head': { 'period.json': () => null },
  'a missing entry': { 'entries/000001.entry': () => null, 'entries/000001.json': () => null, 'entries/000001.salt': () => null },
  'a changed entry': { 'entries/000002.json': text((s) => s.replace('3', '4')) },
  'another plan': { 'plan.json': text((s) => s.replace('plan', 'plam')) },
  'another publication': { 'publication.json': text((s) => s.replace('plan_sha256', 'plan_sha255')) },
  'another policy': { policy: text((s) => s + 'witness x y\n') },
  'no proof': { 'statement.tlog-proof': () => null },
}
for (const [name, change] of Object.entries(lies)) {
  test(`refuted: ${name}`, async () => {
    const { log, logged } = company()
    const verdict = await check(log, log.zip(logged, change))
    assert.equal(verdict.outcome, 'refuted', JSON.stringify(verdict.steps))
  })
}

test('refuted: the page shows another amount than the zip', async () => {
  const { log, logged } = company()
  assert.equal((await check(log, log.zip(logged), { shown: { net_fen: 1 } })).outcome, 'refuted')
})

test('refuted: the key differs from the remembered one', async () => {
  const { log, logged } = company()
  const other = new Log('pay.example/log/demo')
  const verdict = await check(log, log.zip(logged), { pins: pins({ vkey: other.vkey, checkpoint: null, since: '' }) })
  assert.equal(verdict.outcome, 'refuted')
  assert.equal(verdict.key, 'changed')
})

test('refuted: the log was rewritten since this device last looked', async () => {
  const { log, logged } = company()
  const store = pins()
  assert.equal((await check(log, log.zip(logged), { pins: store })).outcome, 'proven')
  // The same key signs another history.
  const again = new Log(log.origin)
  Object.assign(again, { privateKey: log.privateKey, publicKey: log.publicKey, keyId: log.keyId, vkey: log.vkey })
  again.commit('order', 'other', '2026-10', { forged: 'yes' })
  const forged = logStatement(again, 'subject-1', '2026-10', content, [{ order: '1' }])
  for (let i = 0; i < 900; i++) again.commit('order', 'other', '2026-11', { n: i })
  const verdict = await check(again, again.zip(forged), { pins: store })
  assert.equal(verdict.outcome, 'refuted')
  assert.equal(verdict.steps.find((s) => s.code === 'history').state, 'bad')
})

test('refuted: the log became shorter', async () => {
  const { log, logged } = company()
  const store = pins({ vkey: log.vkey, checkpoint: log.checkpoint(), since: '' })
  const zip = log.zip(logged)
  log.leaves.length = 400
  assert.equal((await check(log, zip, { pins: store })).outcome, 'refuted')
})

test('unproven, not refuted: the log cannot be reached', async () => {
  const { log, logged } = company()
  const verdict = await check(log, log.zip(logged), { fetchCheckpoint: async () => { throw new Error('offline') } })
  assert.equal(verdict.outcome, 'unproven')
})

test('consistency out of tiles, all sizes up to 300 in steps', async () => {
  const log = new Log('pay.example/log/tiles')
  for (let i = 0; i < 300; i++) log.commit('x', 'y', 'z', { i })
  for (const second of [2, 3, 7, 8, 255, 256, 257, 300]) {
    const nodes = merkle.tileNodes(second, async (path) => new Uint8Array(new TileView(log, second).tile(path.replace(/^tile\//, ''))))
    for (let first = 1; first < second; first += 1 + Math.floor(second / 40)) {
      const path = await merkle.consistencyPath(first, second, nodes)
      assert.ok(await merkle.verifyConsistency(first, second, treeRoot(log.leaves.slice(0, first)), treeRoot(log.leaves.slice(0, second)), path), `${first} in ${second}`)
      if (path.length) {
        const bad = path.map((h, i) => (i === 0 ? Uint8Array.from(h, (b, j) => (j === 3 ? b ^ 1 : b)) : h))
        assert.ok(!(await merkle.verifyConsistency(first, second, treeRoot(log.leaves.slice(0, first)), treeRoot(log.leaves.slice(0, second)), bad)))
      }
    }
  }
})
class TileView {
  constructor(log, size) { this.view = Object.assign(Object.create(Log.prototype), { leaves: log.leaves.slice(0, size) }) }
  tile(path) { return this.view.tile(path) }
}

/* transparency-dev/merkle (Apache-2.0). */
const vectors = new URL('../../tests/vectors/transparency/merkle', import.meta.url).pathname
const b64 = (s) => new Uint8Array(Buffer.from(s ?? '', 'base64'))
for (const kind of ['inclusion', 'consistency']) {
  test(`published ${kind} vectors`, async () => {
    let n = 0
    const walk = (dir) => readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(dir + '/' + e.name) : [dir + '/' + e.name]))
    for (const path of walk(vectors + '/' + kind)) {
      const v = JSON.parse(readFileSync(path, 'utf8'))
      const proof = (v.proof ?? []).map(b64)
      const good = kind === 'inclusion' ? await merkle.verifyInclusion(b64(v.leafHash), v.leafIdx, v.treeSize, proof, b64(v.root)) : await merkle.verifyConsistency(v.size1, v.size2, b64(v.root1), b64(v.root2), proof)
      assert.equal(good, !v.wantErr, path)
      n++
    }
    assert.ok(n > 40, `${n} cases`)
  })
}
