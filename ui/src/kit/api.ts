/*
 * The one way to the server: session cookie, CSRF token, idempotency keys, problem JSON.
 *
 * A write is repeated by itself only when the server cannot have answered (the network was lost) or asked for it (503 busy, retry), and always with
 * the same key, so that it happens once.
 */
export interface FieldError {
  field: string
  code: string
  message: string
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
  ) {
    super(detail || code)
  }
}

export interface Reply<T> {
  data: T
  status: number
  etag: string | null
}

const state = { csrf: '', locale: 'zh' as string, onSignedOut: () => {} }

export function setCsrf(token: string) {
  state.csrf = token
}
export function setApiLocale(locale: string) {
  state.locale = locale
}
export function onSignedOut(run: () => void) {
  state.onSignedOut = run
}

/* crypto.randomUUID needs a secure context; getRandomValues does not. */
export function uuid(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = (b[6]! & 0x0f) | 0x40
  b[8] = (b[8]! & 0x3f) | 0x80
  const hex = Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

type Query = Record<string, string | number | boolean | null | undefined>

export function address(path: string, query?: Query): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') search.set(key, String(value))
  }
  const text = search.toString()
  return '/api/v1' + path + (text ? '?' + text : '')
}

interface Options {
  query?: Query
  body?: unknown
  raw?: Blob
  type?: string
  version?: number | string
  signal?: AbortSignal
  quiet401?: boolean
}

async function problem(answer: Response): Promise<ApiError> {
  try {
    const p = await answer.json()
    return new ApiError(answer.status, p.code ?? String(answer.status), p.detail ?? p.title ?? '', p.errors ?? [])
  } catch {
    return new ApiError(answer.status, String(answer.status), '')
  }
}

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms))

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': state.locale === 'en' ? 'en' : 'zh-CN' }
  const write = method !== 'GET'
  if (write) {
    headers['Idempotency-Key'] = uuid()
    if (state.csrf) headers['X-CSRF-Token'] = state.csrf
  }
  if (options.version !== undefined) headers['If-Match'] = `"${options.version}"`
  let body: BodyInit | undefined
  if (options.raw) {
    body = options.raw
    headers['Content-Type'] = options.type ?? 'application/octet-stream'
  } else if (options.body !== undefined) {
    body = JSON.stringify(options.body)
    headers['Content-Type'] = 'application/json'
  }
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch(address(path, options.query), { method, headers, body, signal: options.signal, credentials: 'same-origin', cache: 'no-store' })
      if (answer.status !== 503 || attempt >= 2) return answer
    } catch (error) {
      if (options.signal?.aborted) throw error
      if (attempt >= 2) throw new ApiError(0, 'network', '')
    }
    await wait(300 * (attempt + 1))
  }
}

async function call<T>(method: string, path: string, options: Options = {}): Promise<Reply<T>> {
  const answer = await send(method, path, options)
  if (!answer.ok) {
    const error = await problem(answer)
    if (error.status === 401 && !options.quiet401) state.onSignedOut()
    throw error
  }
  const text = answer.status === 204 ? '' : await answer.text()
  return { data: (text ? JSON.parse(text) : undefined) as T, status: answer.status, etag: answer.headers.get('ETag') }
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => call<T>('GET', path, { query, signal }).then((r) => r.data),
  post: <T>(path: string, body?: unknown, options: Options = {}) => call<T>('POST', path, { body: body ?? {}, ...options }).then((r) => r.data),
  patch: <T>(path: string, body: unknown, version?: number | string) => call<T>('PATCH', path, { body, version }).then((r) => r.data),
  remove: <T>(path: string) => call<T>('DELETE', path).then((r) => r.data),
  call,
  async bytes(path: string, query?: Query): Promise<{ bytes: Uint8Array; name: string; type: string }> {
    const answer = await send('GET', path, { query })
    if (!answer.ok) throw await problem(answer)
    const name = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? 'download'
    return { bytes: new Uint8Array(await answer.arrayBuffer()), name: decodeURIComponent(name), type: answer.headers.get('Content-Type') ?? '' }
  },
}

/** Hands bytes to the person as a file. */
export function saveFile(bytes: Uint8Array | string, name: string, type: string) {
  const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export interface Page<T> {
  items: T[]
  next: string | null
  total?: number
}
