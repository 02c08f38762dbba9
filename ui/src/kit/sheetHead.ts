/*
 * The first rows of a CSV or XLSX, read in the browser for one purpose: to let the person match columns before anything is sent. The server reads the
 * whole file by itself.
 */
export interface SheetHead {
  columns: { name: string; samples: string[] }[]
}

const HEAD_BYTES = 256 << 10
const SAMPLES = 3

export async function readHead(file: File): Promise<SheetHead> {
  const rows = /\.xlsx$/i.test(file.name) ? await xlsxRows(file) : csvRows(decode(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()), file.size > HEAD_BYTES))
  const head = rows[0] ?? []
  return { columns: head.map((name, i) => ({ name: name.trim(), samples: rows.slice(1, 1 + SAMPLES).map((r) => r[i] ?? '').filter((v) => v !== '') })).filter((c) => c.name !== '') }
}

/* Spreadsheets in China still write GBK: what is not UTF-8 is read as its superset. */
function decode(bytes: Uint8Array, cut: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: cut })
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}

export function csvRows(text: string, limit = 1 + SAMPLES): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  const firstLine = text.slice(0, text.search(/[\r\n]|$/))
  const separator = (firstLine.match(/;/g)?.length ?? 0) > (firstLine.match(/,/g)?.length ?? 0) ? ';' : firstLine.includes('\t') && !firstLine.includes(',') ? '\t' : ','
  for (let i = 0; i < text.length && rows.length < limit; i++) {
    const c = text[i]!
    if (quoted) {
      if (c !== '"') cell += c
      else if (text[i + 1] === '"') cell += text[++i]
      else quoted = false
    } else if (c === '"' && cell === '') quoted = true
    else if (c === separator) {
      row.push(cell)
      cell = ''
    } else if (c === '\n' || c === '\r') {
      if (c === '\r' && text[i + 1] === '\n') i++
      row.push(cell)
      cell = ''
      if (row.length > 1 || row[0] !== '') rows.push(row)
      row = []
    } else cell += c
  }
  if (rows.length < limit && (row.length > 0 || cell !== '')) rows.push([...row, cell])
  return rows
}

async function xlsxRows(file: File): Promise<string[][]> {
  const { unzipSync } = await import('fflate')
  const parts = unzipSync(new Uint8Array(await file.arrayBuffer()), { filter: (f) => f.name === 'xl/sharedStrings.xml' || f.name === 'xl/worksheets/sheet1.xml' })
  const xml = (name: string) => new DOMParser().parseFromString(new TextDecoder().decode(parts[name] ?? new Uint8Array()), 'application/xml')
  if (!parts['xl/worksheets/sheet1.xml']) throw new Error('xlsx')
  const shared = Array.from(xml('xl/sharedStrings.xml').getElementsByTagName('si'), (si) => Array.from(si.getElementsByTagName('t'), (x) => x.textContent).join(''))
  return Array.from(xml('xl/worksheets/sheet1.xml').getElementsByTagName('row')).slice(0, 1 + SAMPLES).map((row) => {
    const cells: string[] = []
    for (const c of Array.from(row.getElementsByTagName('c'))) {
      const letters = /^[A-Z]+/.exec(c.getAttribute('r') ?? '')?.[0]
      const at = letters ? [...letters].reduce((n, x) => n * 26 + x.charCodeAt(0) - 64, 0) - 1 : cells.length
      const raw = c.getElementsByTagName('v')[0]?.textContent ?? c.getElementsByTagName('t')[0]?.textContent ?? ''
      while (cells.length < at) cells.push('')
      cells[at] = c.getAttribute('t') === 's' ? (shared[Number(raw)] ?? '') : raw
    }
    return cells
  })
}
