/*
 * A small transparency log for development and tests: entries, tree, signed checkpoints, tiles, statement zips. Written from RFC 9162 and the C2SP pages
 * with node:crypto, apart from the code of src/kit/proof that it is used to check.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { zipSync } from 'fflate'

const sha = (...parts) => { const h = createHash('sha256'); for (const p of parts) h.update(p); return h.digest() }
export const leafHash = (entry) => sha(Buffer.of(0), entry)
const node = (l, r) => sha(Buffer.of(1), l, r)
const split = (n) => { let k = 1; while (k * 2 < n) k *= 2; return k }
export function root(hashes) {
  if (hashes.length === 0) return sha()
  if (hashes.length === 1) return hashes[0]
  const k = split(hashes.length)
  return node(root(hashes.slice(0, k)), root(hashes.slice(k)))
}
export function inclusion(m, hashes) {
  if (hashes.length <= 1) return []
  const k = split(hashes.length)
  return m < k ? [...inclusion(m, hashes.slice(0, k)), root(hashes.slice(k))] : [...inclusion(m - k, hashes.slice(k)), root(hashes.slice(0, k))]
}
export const sha256 = (bytes) => sha(bytes).toString('hex')
export const canonical = (v) => Array.isArray(v) ? '[' + v.map(canonical).join(',') + ']'
  : v && typeof v === 'object' ? '{' + Object.keys(v).sort().map((k) => JSON.stringify(k) + ':' + canonical(v[k])).join(',') + '}' : JSON.stringify(v)

export class Log {
  constructor(origin, seed) {
    this.origin = origin
    if (seed) {
      // PKCS #8 wrapping of a raw Ed25519 seed.
      this.privateKey = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
      this.publicKey = createPublicKey(this.privateKey)
    } else Object.assign(this, generateKeyPairSync('ed25519'))
    const raw = Buffer.concat([Buffer.of(1), this.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)])
    this.keyId = sha(origin + '\n', raw).subarray(0, 4)
    this.vkey = `${origin}+${this.keyId.toString('hex')}+${raw.toString('base64')}`
    this.entries = []
    this.leaves = []
  }
  append(entry) {
    this.entries.push(entry)
    this.leaves.push(leafHash(entry))
    return this.entries.length - 1
  }
  /* Commits to a content: what goes in is only a salted hash. */
  commit(kind, subject, period, content) {
    const text = canonical(content)
    const salt = randomBytes(32)
    const entry = Buffer.from(canonical({ v: 1, org: '1', seq: this.entries.length, kind, subject, period, at: '2026-11-02T08:00:00Z', sha256: sha(salt, text).toString('hex') }))
    return { index: this.append(entry), json: Buffer.from(text), salt: Buffer.from(salt.toString('base64') + '\n'), entry }
  }
  checkpoint(size = this.leaves.length) {
    const text = `${this.origin}\n${size}\n${root(this.leaves.slice(0, size)).toString('base64')}\n`
    const signature = Buffer.concat([this.keyId, sign(null, Buffer.from(text), this.privateKey)])
    return `${text}\n\u2014 ${this.origin} ${signature.toString('base64')}\n`
  }
  proof(index, size = this.leaves.length) {
    const hashes = inclusion(index, this.leaves.slice(0, size)).map((h) => h.toString('base64') + '\n').join('')
    return Buffer.from(`c2sp.org/tlog-proof@v1\nindex ${index}\n${hashes}\n${this.checkpoint(size)}`)
  }
  /* "0/x001/234.p/7" → bytes; null when it is not part of a tree of this size. */
  tile(path) {
    const m = /^(\d+)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/.exec(path)
    if (!m) return null
    const level = Number(m[1])
    const n = Number(m[2].replace(/[x/]/g, ''))
    const width = m[3] ? Number(m[3]) : 256
    const span = 256 ** level
    const first = n * 256
    if ((first + width) * span > this.leaves.length) return null
    return Buffer.concat(Array.from({ length: width }, (_, i) => root(this.leaves.slice((first + i) * span, (first + i + 1) * span))))
  }
  zip({ statement, head, publication, entries, plan, policy }, change = {}) {
    const four = (stem, one) => ({ [stem + '.json']: one.json, [stem + '.salt']: one.salt, [stem + '.entry']: one.entry, [stem + '.tlog-proof']: this.proof(one.index) })
    const files = { ...four('statement', statement), ...four('period', head), ...four('publication', publication), 'plan.json': Buffer.from(plan), policy: Buffer.from(policy) }
    entries.forEach((e, i) => {
      const stem = 'entries/' + String(i).padStart(6, '0')
      Object.assign(files, { [stem + '.json']: e.json, [stem + '.salt']: e.salt, [stem + '.entry']: e.entry })
    })
    for (const [name, edit] of Object.entries(change)) {
      const out = edit(files[name])
      if (out) files[name] = out
      else delete files[name]
    }
    return zipSync(Object.fromEntries(Object.entries(files).map(([k, v]) => [k, new Uint8Array(v)])))
  }
}
/* A statement of one person with its facts, plan and period head, logged. Gives what zip() takes. */
export function logStatement(log, subject, period, content, facts, plan = '{"name":"plan"}') {
  const policy = `log ${log.vkey}\nquorum none\n`
  log.published ??= new Map()
  if (!log.published.has(plan)) log.published.set(plan, log.commit('plan', '', '', { kind: 'plan', plan_sha256: sha256(plan) }))
  const entries = facts.map((f) => log.commit('order', subject, period, f))
  const statement = log.commit('statement', subject, period, { ...content, plan_sha256: sha256(plan) })
  entries.push(statement)
  const head = log.commit('period', subject, period, { kind: 'period', subject, policy, count: entries.length, root: root(entries.map((e) => leafHash(e.entry))).toString('base64') })
  return { statement, head, publication: log.published.get(plan), entries, plan, policy }
}
