/*
 * C2SP signed notes, checkpoints, verifier keys and tlog-proof files (signed-note.md, tlog-checkpoint.md, tlog-proof.md). Parsers are strict: what they
 * accept has one spelling.
 */
import { ed25519, equal, fromBase64, sha256, utf8 } from './bytes'

export interface Key {
  name: string
  id: Uint8Array
  type: number
  key: Uint8Array
}

/** "name+1a2b3c4d+base64(type ‖ key)". Throws when the id does not belong to the key. */
export async function parseVkey(text: string): Promise<Key> {
  const m = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim())
  if (!m) throw new Error('not a verifier key')
  const raw = fromBase64(m[3]!)
  const id = (await sha256(utf8(m[1] + '\n'), raw)).slice(0, 4)
  const named = Uint8Array.from(m[2]!.match(/../g)!, (h) => parseInt(h, 16))
  if (!equal(id, named)) throw new Error('the key id does not belong to the key')
  return { name: m[1]!, id, type: raw[0]!, key: raw.slice(1) }
}

export interface Note {
  text: string
  signatures: { name: string; id: Uint8Array; signature: Uint8Array }[]
}

export function parseNote(note: string): Note {
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(note)) throw new Error('control characters in the note')
  const at = note.lastIndexOf('\n\n')
  if (at < 0 || !note.endsWith('\n')) throw new Error('not a signed note')
  const lines = note.slice(at + 2, -1).split('\n')
  if (lines.length > 64) throw new Error('too many signatures')
  const signatures = lines.map((line) => {
    const m = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line)
    if (!m) throw new Error('bad signature line')
    const raw = fromBase64(m[2]!)
    if (raw.length < 5) throw new Error('short signature')
    return { name: m[1]!, id: raw.slice(0, 4), signature: raw.slice(4) }
  })
  return { text: note.slice(0, at + 1), signatures }
}

/** 'good' only when the key has signed; a signature that names this key and fails is 'bad'; 'missing' when the key did not sign. */
export async function verifyNote(note: Note, key: Key): Promise<'good' | 'bad' | 'unsupported' | 'missing'> {
  if (key.type !== 1 || key.key.length !== 32) return 'unsupported'
  const mine = note.signatures.filter((s) => s.name === key.name && equal(s.id, key.id))
  if (mine.length === 0) return 'missing'
  for (const s of mine) {
    if (s.signature.length !== 64) return 'bad'
    const outcome = await ed25519(key.key, s.signature, utf8(note.text))
    if (outcome !== 'good') return outcome
  }
  return 'good'
}

export interface Checkpoint {
  origin: string
  size: number
  root: Uint8Array
  note: Note
}

export function parseCheckpoint(text: string): Checkpoint {
  const note = parseNote(text)
  const [origin, size, root] = note.text.split('\n')
  if (!origin || !/^(0|[1-9]\d{0,15})$/.test(size ?? '') || !root) throw new Error('not a checkpoint')
  const hash = fromBase64(root)
  if (hash.length !== 32 || !Number.isSafeInteger(Number(size))) throw new Error('not a checkpoint')
  return { origin, size: Number(size), root: hash, note }
}

export interface LogProof {
  index: number
  hashes: Uint8Array[]
  checkpoint: Checkpoint
}

export function parseProof(text: string): LogProof {
  const at = text.indexOf('\n\n')
  const lines = at < 0 ? [] : text.slice(0, at).split('\n')
  if (lines.shift() !== 'c2sp.org/tlog-proof@v1') throw new Error('not a tlog-proof')
  if (lines[0]?.startsWith('extra ')) fromBase64(lines.shift()!.slice(6))
  const m = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')
  if (!m) throw new Error('no index in the proof')
  if (lines.length > 63) throw new Error('proof too long')
  const hashes = lines.map(fromBase64)
  if (hashes.some((h) => h.length !== 32)) throw new Error('bad hash in the proof')
  return { index: Number(m[1]), hashes, checkpoint: parseCheckpoint(text.slice(at + 2)) }
}

/** Canonical JSON (RFC 8785) for our values: objects, arrays, strings, booleans, null and integers. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']'
  if (value !== null && typeof value === 'object') {
    const object = value as Record<string, unknown>
    return '{' + Object.keys(object).sort().map((k) => JSON.stringify(k) + ':' + canonical(object[k])).join(',') + '}'
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Error('a number that is not an integer')
  return JSON.stringify(value)
}

