/*
 * RFC 9162 §2.1: hashes of the log's tree and the two verification algorithms. Sizes and indexes are ordinary numbers: they stay far below 2^53, and
 * arithmetic here uses division instead of 32-bit operators.
 */
import { equal, sha256 } from './bytes'

export type Hash = Uint8Array

export const leafHash = (entry: Uint8Array) => sha256(Uint8Array.of(0), entry)
export const nodeHash = (left: Hash, right: Hash) => sha256(Uint8Array.of(1), left, right)

/** Root over leaf hashes. Used for the small tree of one person's period. */
export async function rootOf(leaves: Hash[]): Promise<Hash> {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return leaves[0]!
  const k = splitPoint(leaves.length)
  return nodeHash(await rootOf(leaves.slice(0, k)), await rootOf(leaves.slice(k)))
}

/** The largest power of two below n; n > 1. */
export function splitPoint(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

const odd = (n: number) => n % 2 === 1
const half = (n: number) => Math.floor(n / 2)
const isSize = (n: number) => Number.isSafeInteger(n) && n >= 0

/** §2.1.3.2. */
export async function verifyInclusion(leaf: Hash, index: number, size: number, proof: Hash[], root: Hash): Promise<boolean> {
  if (!isSize(index) || !isSize(size) || index >= size || [leaf, root, ...proof].some((h) => h.length !== 32)) return false
  let fn = index
  let sn = size - 1
  let r = leaf
  for (const p of proof) {
    if (sn === 0) return false
    if (odd(fn) || fn === sn) {
      r = await nodeHash(p, r)
      while (!odd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      r = await nodeHash(r, p)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && equal(r, root)
}

/** §2.1.4.2, with the two cases around it that the RFC leaves to the caller: equal sizes and the empty tree. */
export async function verifyConsistency(first: number, second: number, firstRoot: Hash, secondRoot: Hash, path: Hash[]): Promise<boolean> {
  if (!isSize(first) || !isSize(second) || first > second || [firstRoot, secondRoot, ...path].some((h) => h.length !== 32)) return false
  if (first === second) return path.length === 0 && equal(firstRoot, secondRoot)
  if (first === 0) return path.length === 0
  if (path.length === 0) return false
  const proof = isPowerOfTwo(first) ? [firstRoot, ...path] : path
  let fn = first - 1
  let sn = second - 1
  while (odd(fn)) {
    fn = half(fn)
    sn = half(sn)
  }
  let fr = proof[0]!
  let sr = proof[0]!
  for (const c of proof.slice(1)) {
    if (sn === 0) return false
    if (odd(fn) || fn === sn) {
      fr = await nodeHash(c, fr)
      sr = await nodeHash(c, sr)
      while (!odd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      sr = await nodeHash(sr, c)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && equal(fr, firstRoot) && equal(sr, secondRoot)
}

function isPowerOfTwo(n: number): boolean {
  while (n > 1 && !odd(n)) n = half(n)
  return n === 1
}

/** Reads the hash of the complete subtree that covers leaves [index·2^level, (index+1)·2^level). */
export type NodeSource = (level: number, index: number) => Promise<Hash>

/** Root of leaves [from, to), from a multiple of the subtree's width as the recursion of RFC 9162 makes them. */
export async function rangeRoot(from: number, to: number, node: NodeSource): Promise<Hash> {
  const n = to - from
  if (isPowerOfTwo(n) && from % n === 0) return node(Math.round(Math.log2(n)), from / n)
  const k = splitPoint(n)
  return nodeHash(await rangeRoot(from, from + k, node), await rangeRoot(from + k, to, node))
}

/** §2.1.4.1: PROOF(first, D_second) out of a node source. 0 < first < second. */
export async function consistencyPath(first: number, second: number, node: NodeSource): Promise<Hash[]> {
  const walk = async (m: number, from: number, to: number, whole: boolean): Promise<Hash[]> => {
    const n = to - from
    if (m === n) return whole ? [] : [await rangeRoot(from, to, node)]
    const k = splitPoint(n)
    if (m <= k) return [...(await walk(m, from, from + k, whole)), await rangeRoot(from + k, to, node)]
    return [...(await walk(m - k, from + k, to, false)), await rangeRoot(from, from + k, node)]
  }
  return walk(first, 0, second, true)
}

/** C2SP tlog-tiles: node hashes of a tree of `size` leaves out of tiles of 256 hashes. `fetchTile` gets "tile/0/x001/234.p/7". */
export function tileNodes(size: number, fetchTile: (path: string) => Promise<Uint8Array>): NodeSource {
  const tiles = new Map<string, Promise<Uint8Array>>()
  return async (level, index) => {
    const tileLevel = Math.floor(level / 8)
    const span = 2 ** (level % 8) // hashes of this tile under the node
    const first = index * span
    const tile = Math.floor(first / 256)
    const hashesAtLevel = Math.floor(size / 256 ** tileLevel)
    const width = Math.min(256, hashesAtLevel - tile * 256)
    const path = tilePath(tileLevel, tile, width)
    if (!tiles.has(path)) tiles.set(path, fetchTile(path))
    const bytes = await tiles.get(path)!
    if (bytes.length !== width * 32) throw new Error(`${path}: ${bytes.length} bytes instead of ${width * 32}`)
    const begin = first - tile * 256
    if (begin + span > width) throw new Error(`${path} does not reach that far`)
    let row: Hash[] = []
    for (let i = 0; i < span; i++) row.push(bytes.slice((begin + i) * 32, (begin + i + 1) * 32))
    while (row.length > 1) {
      const up: Hash[] = []
      for (let i = 0; i < row.length; i += 2) up.push(await nodeHash(row[i]!, row[i + 1]!))
      row = up
    }
    return row[0]!
  }
}

export function tilePath(level: number, tile: number, width: number): string {
  let name = String(tile % 1000).padStart(3, '0')
  for (let rest = Math.floor(tile / 1000); rest > 0; rest = Math.floor(rest / 1000)) name = 'x' + String(rest % 1000).padStart(3, '0') + '/' + name
  return `tile/${level}/${name}` + (width < 256 ? `.p/${width}` : '')
}

