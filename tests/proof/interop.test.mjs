// Programs that we did not write must accept our logs, and refuse each changed byte of an entry.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const build = process.env.QIBING_BUILD ?? path.join(here, '../../build')
const sizes = [1, 2, 7, 70, 256, 300, 1000]
const require = createRequire(import.meta.url)

const out = fs.mkdtempSync(path.join(os.tmpdir(), 'qibing-proof-'))
test.after(() => fs.rmSync(out, { recursive: true, force: true }))
const folder = (n) => path.join(out, String(n))
const read = (n, name) => fs.readFileSync(path.join(folder(n), name))
const has = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).error === undefined

// The public key as OpenSSL and Node want it: RFC 8410 SubjectPublicKeyInfo around 32 bytes.
const publicKey = (raw) => crypto.createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]), format: 'der', type: 'spki' })

test.before(() => {
  for (const n of sizes) execFileSync(path.join(build, 'proof-vectors'), [folder(n), String(n)])
})

test('Go golang.org/x/mod accepts signature, inclusion, consistency, tiles, bundles', { skip: !has('go', 'version') && 'go is not installed' }, () => {
  const program = path.join(out, 'check_go')
  const env = { ...process.env, GO111MODULE: 'off', GOFLAGS: '', GOPATH: '/usr/share/gocode', GOPROXY: 'off', GOCACHE: path.join(out, 'go-cache') }
  execFileSync('go', ['build', '-o', program, path.join(here, 'check_go.go')], { env, stdio: 'inherit' })
  const lines = execFileSync(program, sizes.map(folder)).toString().trim().split('\n')
  assert.equal(lines.length, sizes.length)
  sizes.forEach((n, i) => assert.match(lines[i], new RegExp(`^x/mod: ${n} entries: .* ${n} consistency proofs, tiles and bundles ok$`)))
  // A control: the same program must refuse a log whose entry was changed.
  const damaged = path.join(out, 'damaged')
  fs.cpSync(folder(7), damaged, { recursive: true })
  const bundle = path.join(damaged, 'tile/entries/000.p/7')
  const bytes = fs.readFileSync(bundle)
  bytes[40] ^= 1
  fs.writeFileSync(bundle, bytes)
  assert.equal(spawnSync(program, [damaged]).status, 1)
})

const sigstore = fs.existsSync(path.join(here, 'node_modules/@sigstore/verify'))
test('npm @sigstore/verify accepts checkpoint and inclusion', { skip: !sigstore && 'npm packages are not installed: tools/deps.sh test' }, () => {
  // Its public interface wants a whole bundle; its checkpoint and Merkle modules are what we mean.
  const base = path.dirname(require.resolve('@sigstore/verify'))
  const { verifyCheckpoint } = require(path.join(base, 'tlog/checkpoint.js'))
  const { verifyMerkleInclusion } = require(path.join(base, 'tlog/merkle.js'))
  for (const n of sizes) {
    const [name, id] = read(n, 'log.vkey').toString().trim().split('+')
    const keys = [{ logID: Buffer.from(id, 'hex'), baseURL: `https://${name}`, publicKey: publicKey(read(n, 'log.key')) }]
    for (const file of fs.readdirSync(folder(n)).filter((f) => f.endsWith('.tlog-proof'))) {
      const [head, ...rest] = read(n, file).toString().split('\n\n')
      const lines = head.split('\n')
      const logIndex = lines[1].slice('index '.length)
      const envelope = rest.join('\n\n')
      const canonicalizedBody = read(n, `entry-${logIndex}`)
      const entry = { canonicalizedBody, inclusionProof: { logIndex, hashes: lines.slice(2).map((x) => Buffer.from(x, 'base64')), checkpoint: { envelope } } }
      const checkpoint = verifyCheckpoint(entry, keys)
      assert.equal(String(checkpoint.logSize), String(n))
      verifyMerkleInclusion(entry, checkpoint)
      for (let i = 0; i < canonicalizedBody.length; i++) {
        const changed = Buffer.from(canonicalizedBody)
        changed[i] ^= 1
        assert.throws(() => verifyMerkleInclusion({ ...entry, canonicalizedBody: changed }, checkpoint), `byte ${i} of entry ${logIndex} of ${n}`)
      }
      const forged = envelope.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`)
      assert.throws(() => verifyCheckpoint({ ...entry, inclusionProof: { ...entry.inclusionProof, checkpoint: { envelope: forged } } }, keys))
    }
  }
})

test('OpenSSL accepts the signature over the note, and no other text', { skip: !has('openssl', 'version') && 'openssl is not installed' }, () => {
  for (const n of sizes) {
    const pem = path.join(folder(n), 'log.pem')
    fs.writeFileSync(pem, publicKey(read(n, 'log.key')).export({ format: 'pem', type: 'spki' }))
    const verify = (text) => spawnSync('openssl', ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', pem, '-sigfile', path.join(folder(n), 'note.sig'), '-in', text]).status
    assert.equal(verify(path.join(folder(n), 'note.txt')), 0, `log of ${n}`)
    const changed = path.join(folder(n), 'changed.txt')
    fs.writeFileSync(changed, read(n, 'note.txt').toString().replace('log/7', 'log/8'))
    assert.notEqual(verify(changed), 0, `log of ${n}`)
  }
})

test('OpenSSL accepts the cosignature of the witness', { skip: !has('openssl', 'version') && 'openssl is not installed' }, () => {
  const n = 70
  const line = read(n, 'checkpoint').toString().split('\n').find((l) => l.startsWith('— witness.example/w1 '))
  const bytes = Buffer.from(line.split(' ')[2], 'base64')
  const key = Buffer.from(read(n, 'witness.vkey').toString().trim().split('+').slice(2).join('+'), 'base64')
  assert.equal(key[0], 4)
  const message = Buffer.concat([Buffer.from(`cosignature/v1\ntime ${bytes.readBigUInt64BE(4)}\n`), read(n, 'note.txt')])
  assert.ok(crypto.verify(null, message, publicKey(key.subarray(1)), bytes.subarray(12)))
})

test('unzip finds the statement file whole', { skip: !has('unzip', '-v') && 'unzip is not installed' }, () => {
  const listing = execFileSync('unzip', ['-t', path.join(folder(7), 'statement.zip')]).toString()
  assert.match(listing, /No errors detected/)
  assert.match(listing, /statement\.tlog-proof +OK/)
})

// ---- the command line

const qibing = path.join(build, 'qibing')
const command = (...args) => {
  const run = spawnSync(qibing, ['verify', ...args], { encoding: 'utf8' })
  return { code: run.status, text: run.stdout + run.stderr }
}

test('qibing verify', { skip: !fs.existsSync(qibing) && 'the program is not built' }, async (t) => {
  const at = (name) => path.join(folder(7), name)
  const zip = at('statement.zip')
  const key = fs.readFileSync(at('log.vkey'), 'utf8').trim()

  await t.test('accepts with a key, a key file, a policy', () => {
    for (const trust of [['--key', key], ['--key', at('log.vkey')], ['--policy', at('statement.policy')]]) {
      const run = command(zip, ...trust, '--lang', 'en')
      assert.equal(run.code, 0, run.text)
      assert.match(run.text, /^OK: period 2026-10, log qibing\.example\/log\/7, entry 11 under a checkpoint of 16 entries, all 6 entries/)
    }
    assert.match(command(zip, '--key', key, '--lang', 'zh').text, /^核验通过/)
  })
  await t.test('an older checkpoint needs its proof', () => {
    assert.equal(command(zip, '--key', key, '--checkpoint', at('older'), '--consistency', at('extension')).code, 0)
    const without = command(zip, '--key', key, '--checkpoint', at('older'), '--lang', 'en')
    assert.equal(without.code, 1)
    assert.match(without.text, /REFUSED: your checkpoint shows another history.*the consistency proof is needed/)
  })
  await t.test('refuses a changed byte with the reason', () => {
    const bytes = fs.readFileSync(zip)
    const changed = at('changed.zip')
    for (let i = 0; i < bytes.length; i += 97) {
      const copy = Buffer.from(bytes)
      copy[i] ^= 4
      fs.writeFileSync(changed, copy)
      const run = command(changed, '--key', key, '--lang', i % 2 ? 'en' : 'zh')
      assert.equal(run.code, 1, `byte ${i}: ${run.text}`)
      assert.match(run.text, i % 2 ? /^REFUSED: / : /^未通过：/)
    }
  })
  await t.test('wrong usage is 2, a missing file 1', () => {
    assert.equal(command(zip).code, 2)
    assert.equal(command(zip, '--key', key, '--policy', at('statement.policy')).code, 2)
    assert.equal(command('--key', key).code, 2)
    assert.equal(command(zip, '--key', key, '--nonsense').code, 2)
    assert.equal(command(zip, '--key', 'nonsense').code, 1)
    assert.equal(command(at('nothing.zip'), '--key', key).code, 1)
    assert.equal(command('--help').code, 0)
  })
})
