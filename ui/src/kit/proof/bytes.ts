/* Bytes and the two things we need of WebCrypto. */
export const utf8 = (text: string) => new TextEncoder().encode(text)

/** Strict: bytes that are not UTF-8 are an error, not a question mark. */
export const utf8Text = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i])
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''))
}

/** Standard alphabet, padded, and the only spelling of these bytes; otherwise it throws. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text)
  const out = Uint8Array.from(raw, (c) => c.charCodeAt(0))
  if (toBase64(out) !== text) throw new Error('not canonical base64')
  return out
}

/** Present on https and on loopback only: elsewhere the browser withholds it. */
export function cryptoPresent(): boolean {
  return typeof crypto !== 'undefined' && crypto.subtle !== undefined
}

export async function sha256(...parts: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(...parts)))
}

export type Signature = 'good' | 'bad' | 'unsupported'

/** Ed25519; older browsers do not have it, which is not the same as a bad signature. */
export async function ed25519(key: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<Signature> {
  let imported: CryptoKey
  try {
    imported = await crypto.subtle.importKey('raw', concat(key), { name: 'Ed25519' }, false, ['verify'])
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotSupportedError') return 'unsupported'
    return 'bad'
  }
  const good = await crypto.subtle.verify({ name: 'Ed25519' }, imported, concat(signature), concat(message))
  return good ? 'good' : 'bad'
}
