/*
 * Puts ui/dist into one file, ui/dist/ui.pack, that the server carries inside itself (src/app/ui_pack.h reads it).
 *
 * All numbers are little-endian u32, all offsets count from the first byte of the file.
 *
 *     0   8 bytes   "QBUIPAK1"
 *     8   u32       number of entries
 *    12   u32       length of the whole file
 *    16   entries, 64 bytes each, in ascending order of the bytes of their path:
 *           0  path offset, length         "/assets/desk-1a2b3c.js"; text in UTF-8, a NUL follows that the length does not count
 *           8  content type offset, length   with NUL as above
 *          16  etag offset, length           as in the header, with its quotes and NUL; the first 32 hex digits of the SHA-256 of the raw body
 *          24  raw body offset, length
 *          32  gzip body offset, length      length 0: not worth it
 *          40  brotli body offset, length    length 0: not worth it
 *          48  flags                         1: the name holds a hash of the content, may be kept for ever
 *          52  12 bytes of zero
 *     then texts and bodies
 *
 * The same dist gives the same bytes.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.ttf': 'font/ttf', '.png': 'image/png', '.json': 'application/json', '.webmanifest': 'application/manifest+json' }
const FIXED = 16
const ENTRY = 64

function files(dir, prefix = '') {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(join(dir, e.name), `${prefix}/${e.name}`) : [`${prefix}/${e.name}`]))
}

/* Smaller by a tenth at least, else the header costs more than it saves. */
const worth = (packed, raw) => (packed.length < raw.length * 0.9 ? packed : Buffer.alloc(0))

export function pack(dist) {
  const paths = files(dist).filter((p) => p !== '/ui.pack').sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const head = Buffer.alloc(FIXED + paths.length * ENTRY)
  const parts = [head]
  let at = head.length
  const put = (bytes) => {
    parts.push(bytes)
    at += bytes.length
    return at - bytes.length
  }
  const text = (entry, where, value) => {
    const bytes = Buffer.from(value + '\0')
    head.writeUInt32LE(put(bytes), entry + where)
    head.writeUInt32LE(bytes.length - 1, entry + where + 4)
  }
  const body = (entry, where, bytes) => {
    head.writeUInt32LE(bytes.length ? put(bytes) : 0, entry + where)
    head.writeUInt32LE(bytes.length, entry + where + 4)
  }
  const sizes = { raw: 0, gzip: 0, brotli: 0 }
  paths.forEach((path, i) => {
    const entry = FIXED + i * ENTRY
    const raw = readFileSync(dist + path)
    // The interface speaks to its own server only.
    if (path.endsWith('.css') && /url\(\s*["']?(https?:)?\/\//.test(raw.toString())) throw new Error(`${path}: fetches from another host`)
    const gzip = worth(gzipSync(raw, { level: 9 }), raw)
    const brotli = worth(brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } }), raw)
    const type = TYPES[extname(path)]
    if (!type) throw new Error(`${path}: no content type is known for this name`)
    text(entry, 0, path)
    text(entry, 8, type)
    text(entry, 16, '"' + createHash('sha256').update(raw).digest('hex').slice(0, 32) + '"')
    body(entry, 24, raw)
    body(entry, 32, gzip)
    body(entry, 40, brotli)
    head.writeUInt32LE(path.startsWith('/assets/') ? 1 : 0, entry + 48)
    sizes.raw += raw.length
    sizes.gzip += gzip.length || raw.length
    sizes.brotli += brotli.length || raw.length
  })
  head.write('QBUIPAK1', 0, 'latin1')
  head.writeUInt32LE(paths.length, 8)
  head.writeUInt32LE(at, 12)
  return { bytes: Buffer.concat(parts), count: paths.length, sizes }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = fileURLToPath(new URL('dist', import.meta.url))
  const { bytes, count, sizes } = pack(dist)
  writeFileSync(join(dist, 'ui.pack'), bytes)
  const kb = (n) => `${(n / 1024).toFixed(0)} KB`
  console.log(`ui.pack: ${count} files, ${kb(bytes.length)} (raw ${kb(sizes.raw)}, gzip ${kb(sizes.gzip)}, brotli ${kb(sizes.brotli)})`)
}
