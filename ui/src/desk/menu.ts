/* The menu: pages of their own by permission, generic pages by what the server describes. */
import type { Resource } from '@/kit/meta'

export interface Entry {
  to: string
  label: string
  icon: string
  testid: string
}
export interface Group {
  code: string
  entries: Entry[]
}

/** Resources that have a page of their own. Still reachable under /r/… */
const OWN_PAGE = new Set(['statement', 'statement_line', 'period', 'job', 'setting', 'playbook', 'plan', 'plan_version', 'playbook_item', 'order_import'])

const GROUP: Record<string, string> = {
  unit: 'people', post: 'people', person: 'people', login: 'system', role: 'system', role_grant: 'system', api_token: 'system',
  product: 'sales', price: 'sales', customer: 'sales', sales_order: 'sales', order_line: 'sales', collection: 'sales', refund: 'sales', activity: 'sales',
  payout: 'pay', file: 'system', checkpoint: 'system', calendar_day: 'system', holiday: 'system',
}

export function menu(resources: Resource[], can: (p: string) => boolean, t: (k: string) => string, tx: (x: Resource['label']) => string): Group[] {
  const groups: Record<string, Entry[]> = { see: [], pay: [], sales: [], people: [], rules: [], system: [], other: [] }
  const own = (group: string, may: string, to: string, key: string, icon: string) => {
    if (can(may)) groups[group]!.push({ to, label: t('nav.' + key), icon, testid: 'nav-' + key })
  }
  own('see', 'overview.read', '/overview', 'overview', 'chart')
  own('pay', 'period.read', '/settlement', 'settlement', 'calc')
  own('pay', 'statement.read', '/statements', 'statements', 'doc')
  own('sales', 'order.import', '/orders/import', 'orderImport', 'up')
  own('rules', 'playbook.read', '/playbooks', 'playbooks', 'book')
  for (const resource of resources) {
    if (OWN_PAGE.has(resource.name) || !resource.operations.list) continue
    const group = resource.group && groups[resource.group] ? resource.group : (GROUP[resource.name] ?? 'other')
    groups[group]!.push({ to: '/r/' + resource.route, label: tx(resource.label), icon: 'list', testid: 'nav-r-' + resource.route })
  }
  own('system', 'job.read', '/jobs', 'jobs', 'clock')
  own('system', 'setting.read', '/settings', 'settings', 'gear')
  return Object.entries(groups).filter(([, entries]) => entries.length > 0).map(([code, entries]) => ({ code, entries }))
}
