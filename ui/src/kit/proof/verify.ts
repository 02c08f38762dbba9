/*
 * Checks a statement file (src/engine/merkle/packet.h) in the browser, step by step, without trusting the server that shows it.
 *
 * Trust comes from the device: the log's key and the last checkpoint are remembered at first use (`Pin`), never taken from the zip. A statement is
 * `proven` only if every step that decides is good: content → entry → tree → signed checkpoint → key remembered, and the remembered tree is the
 * beginning of the present one. What this browser cannot do (no WebCrypto, no Ed25519) is said, and then it is not proven.
 *
 * Not done here: the pay is not computed again (the command line does that).
 */
import { unzipSync } from 'fflate'
import { cryptoPresent, equal, fromBase64, sha256, toBase64, toHex, utf8Text } from './bytes'
import { consistencyPath, leafHash, rootOf, tileNodes, verifyConsistency, verifyInclusion } from './merkle'
import { canonical, parseCheckpoint, parseProof, parseVkey, verifyNote } from './note'
import type { Checkpoint, Key } from './note'

export interface Pin {
  vkey: string
  /** The signed checkpoint as it came, for comparing and for evidence. */
  checkpoint: string | null
  since: string
}
export interface PinStore {
  read(): Pin | null
  write(pin: Pin): void
}
export type StepState = 'good' | 'bad' | 'unknown'
export interface Step {
  code: 'crypto' | 'zip' | 'content' | 'entry' | 'included' | 'signature' | 'key' | 'history' | 'complete' | 'plan' | 'shown'
  state: StepState
  detail: string
}
export interface Verdict {
  outcome: 'proven' | 'refuted' | 'unproven'
  steps: Step[]
  /** The key is new on this device, or differs from the one it remembers. */
  key: 'remembered' | 'first' | 'changed' | 'none'
  fingerprint: string
  size: number
  entries: number
}
export interface Input {
  zip: Uint8Array
  /** As the server gives it now; compared with the remembered one. */
  vkey: string
  /** Of /log/<org>. */
  fetchCheckpoint: () => Promise<string>
  fetchTile: (path: string) => Promise<Uint8Array>
  pins: PinStore
  /** What the page shows; must be what the proven content says. */
  shown?: Record<string, unknown>
  now: () => string
}

const ZIP_MAX = 64 << 20

class Refuted extends Error {}

function file(files: Record<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files[name]
  if (!bytes) throw new Refuted(`${name} is missing`)
  return bytes
}

function json(bytes: Uint8Array, name: string): Record<string, unknown> {
  const text = utf8Text(bytes)
  const value = JSON.parse(text) as Record<string, unknown>
  if (canonical(value) !== text) throw new Refuted(`${name} is not canonical`)
  return value
}

interface Committed {
  content: Record<string, unknown>
  entry: Record<string, unknown>
  leaf: Uint8Array
}

/* Content and salt hash to what the entry commits to. */
async function committed(files: Record<string, Uint8Array>, stem: string): Promise<Committed> {
  const bytes = file(files, `${stem}.json`)
  const saltText = utf8Text(file(files, `${stem}.salt`))
  if (!saltText.endsWith('\n')) throw new Refuted(`${stem}.salt has another form`)
  const salt = fromBase64(saltText.slice(0, -1))
  if (salt.length !== 32) throw new Refuted(`${stem}.salt is not 32 bytes`)
  const entryBytes = file(files, `${stem}.entry`)
  const entry = json(entryBytes, `${stem}.entry`)
  if (entry.sha256 !== toHex(await sha256(salt, bytes))) throw new Refuted(`${stem}.json is not what was logged`)
  return { content: json(bytes, `${stem}.json`), entry, leaf: await leafHash(entryBytes) }
}

/* The entry is in the tree of the one checkpoint that the whole file stands under, and at the place that it names. */
async function included(files: Record<string, Uint8Array>, stem: string, one: Committed, under?: Checkpoint): Promise<Checkpoint> {
  const proof = parseProof(utf8Text(file(files, `${stem}.tlog-proof`)))
  if (proof.index !== Number(one.entry.seq)) throw new Refuted(`${stem}.entry is number ${String(one.entry.seq)}, its proof is of ${proof.index}`)
  if (under && (under.note.text !== proof.checkpoint.note.text || !equal(under.root, proof.checkpoint.root))) throw new Refuted(`${stem} stands under another checkpoint`)
  if (!(await verifyInclusion(one.leaf, proof.index, proof.checkpoint.size, proof.hashes, proof.checkpoint.root))) {
    throw new Refuted(`${stem}.entry is not in the tree of the checkpoint`)
  }
  return proof.checkpoint
}

async function signed(checkpoint: Checkpoint, key: Key): Promise<Step> {
  if (checkpoint.origin !== key.name) return { code: 'signature', state: 'bad', detail: `${checkpoint.origin} ≠ ${key.name}` }
  const outcome = await verifyNote(checkpoint.note, key)
  if (outcome === 'good') return { code: 'signature', state: 'good', detail: `${checkpoint.origin} · ${checkpoint.size}` }
  return { code: 'signature', state: outcome === 'unsupported' ? 'unknown' : 'bad', detail: outcome }
}

/* The older tree is the beginning of the newer one. Hashes come from tiles of the newer tree and need no trust: the algorithm checks them. */
async function consistent(a: Checkpoint, b: Checkpoint, fetchTile: Input['fetchTile']): Promise<boolean> {
  const [older, newer] = a.size <= b.size ? [a, b] : [b, a]
  const path = older.size === newer.size || older.size === 0 ? [] : await consistencyPath(older.size, newer.size, tileNodes(newer.size, fetchTile))
  return verifyConsistency(older.size, newer.size, older.root, newer.root, path)
}

/* Every logged fact of the person's period is here: the head says how many and their root. The statement is the last one among them. */
async function complete(files: Record<string, Uint8Array>, head: Committed, statement: Committed): Promise<number> {
  const { count, root, policy, subject } = head.content as { count: number; root: string; policy: string; subject: string }
  const same = (a: Committed, b: Committed) => a.entry.org === b.entry.org && a.entry.subject === b.entry.subject && a.entry.period === b.entry.period
  if (head.entry.kind !== 'period' || !same(head, statement) || !subject || subject !== head.entry.subject) throw new Refuted('the period head is of another person or period')
  if (policy !== utf8Text(file(files, 'policy'))) throw new Refuted('the policy is not that of the period head')
  const stems = Object.keys(files).filter((n) => n.startsWith('entries/') && n.endsWith('.entry')).map((n) => n.slice(0, -'.entry'.length)).sort()
  if (stems.length !== Number(count)) throw new Refuted(`${stems.length} entries instead of ${count}`)
  const leaves: Uint8Array[] = []
  let last = -1
  let newest = ''
  for (const stem of stems) {
    const one = await committed(files, stem)
    const seq = Number(one.entry.seq)
    if (!same(one, head)) throw new Refuted(`${stem} is of another person or period`)
    if (!(seq > last) || seq >= Number(head.entry.seq)) throw new Refuted(`${stem} is out of order`)
    if (one.entry.kind === 'statement') newest = toHex(one.leaf)
    last = seq
    leaves.push(one.leaf)
  }
  if (toBase64(await rootOf(leaves)) !== root) throw new Refuted('the entries do not give the root of the period head')
  if (newest !== toHex(statement.leaf)) throw new Refuted('the statement is not the last one of the period')
  return leaves.length
}

/* The plan was published before the statement, and it is this text. */
async function planned(files: Record<string, Uint8Array>, publication: Committed, statement: Committed): Promise<string> {
  if (publication.entry.kind !== 'plan' || publication.entry.org !== statement.entry.org || !(Number(publication.entry.seq) < Number(statement.entry.seq))) throw new Refuted('the plan was not published before the statement')
  const hash = toHex(await sha256(file(files, 'plan.json')))
  if (publication.content.plan_sha256 !== hash) throw new Refuted('plan.json is not the text that was published')
  if (statement.content.plan_sha256 !== hash) throw new Refuted('the statement follows another plan')
  return hash.slice(0, 16)
}

/** What the page shows must be what was proven; a page could lie while the zip is honest. */
function matches(content: Record<string, unknown>, shown: Record<string, unknown>): string | null {
  for (const [name, value] of Object.entries(shown)) {
    if (content[name] === undefined || String(content[name]) !== String(value)) return name
  }
  return null
}

export async function verifyStatement(input: Input): Promise<Verdict> {
  const verdict: Verdict = { outcome: 'unproven', steps: [], key: 'none', fingerprint: '', size: 0, entries: 0 }
  const add = (code: Step['code'], state: StepState, detail = '') => verdict.steps.push({ code, state, detail })
  if (!cryptoPresent()) {
    add('crypto', 'unknown')
    return verdict
  }
  let at: Step['code'] = 'zip'
  try {
    if (input.zip.length > ZIP_MAX) throw new Refuted('the zip is larger than allowed')
    const files = unzipSync(input.zip)
    at = 'content'
    const statement = await committed(files, 'statement')
    if (statement.entry.kind !== 'statement') throw new Refuted('the entry is not of a statement')
    if (statement.content.period !== statement.entry.period) throw new Refuted('the statement is of another period')
    add('content', 'good', String(statement.entry.sha256).slice(0, 16))
    at = 'included'
    const checkpoint = await included(files, 'statement', statement)
    verdict.size = checkpoint.size
    add('included', 'good', `${checkpoint.size}`)
    if (input.shown) {
      const differs = matches(statement.content, input.shown)
      add('shown', differs ? 'bad' : 'good', differs ?? '')
    }
    at = 'key'
    const pin = input.pins.read()
    const vkey = pin?.vkey ?? input.vkey
    const key = await parseVkey(vkey)
    verdict.fingerprint = vkey
    verdict.key = !pin ? 'first' : pin.vkey === input.vkey ? 'remembered' : 'changed'
    add('key', verdict.key === 'changed' ? 'bad' : 'good', verdict.key)
    at = 'signature'
    verdict.steps.push(await signed(checkpoint, key))
    at = 'history'
    const latestText = await input.fetchCheckpoint()
    const latest = parseCheckpoint(latestText)
    const latestSigned = await signed(latest, key)
    let history: StepState = latestSigned.state
    // The log has signed the statement's tree: what it signs now can only be as large or larger.
    if (history === 'good' && (latest.size < checkpoint.size || !(await consistent(checkpoint, latest, input.fetchTile)))) history = 'bad'
    if (history === 'good' && pin?.checkpoint) {
      const remembered = parseCheckpoint(pin.checkpoint)
      // A log that is now shorter than what this device saw has forgotten something.
      if (latest.size < remembered.size || !(await consistent(remembered, latest, input.fetchTile))) history = 'bad'
    }
    add('history', history, `${latest.size}`)
    at = 'complete'
    const head = await committed(files, 'period')
    await included(files, 'period', head, checkpoint)
    verdict.entries = await complete(files, head, statement)
    add('complete', 'good', String(verdict.entries))
    at = 'plan'
    const publication = await committed(files, 'publication')
    await included(files, 'publication', publication, checkpoint)
    add('plan', 'good', await planned(files, publication, statement))
    settle(verdict, input, vkey, latestText)
  } catch (error) {
    const network = !(error instanceof Refuted) && at === 'history'
    add(at, network ? 'unknown' : 'bad', error instanceof Error ? error.message : String(error))
    verdict.outcome = verdict.steps.some((s) => s.state === 'bad') ? 'refuted' : 'unproven'
  }
  return verdict
}

/* The device remembers the key and the newest tree only after everything held. */
function settle(verdict: Verdict, input: Input, vkey: string, latest: string) {
  if (verdict.steps.some((s) => s.state === 'bad')) verdict.outcome = 'refuted'
  else if (verdict.steps.every((s) => s.state === 'good')) {
    verdict.outcome = 'proven'
    input.pins.write({ vkey, checkpoint: latest, since: input.pins.read()?.since ?? input.now() })
  }
}

/** One pin per company in the browser's own storage. */
export function storedPins(org: string): PinStore {
  const name = `qibing.log.${org}`
  return {
    read() {
      try {
        const pin = JSON.parse(localStorage.getItem(name) ?? 'null') as Pin | null
        return pin && typeof pin.vkey === 'string' ? pin : null
      } catch {
        return null
      }
    },
    write: (pin) => localStorage.setItem(name, JSON.stringify(pin)),
  }
}
