import { createRouter, createWebHistory } from 'vue-router'
import { useSession } from '@/kit/session'

const page = {
  overview: () => import('./pages/OverviewPage.vue'),
  resource: () => import('./pages/ResourceRoute.vue'),
  import: () => import('./pages/ImportPage.vue'),
  settlement: () => import('./pages/SettlementPage.vue'),
  statements: () => import('./pages/StatementsPage.vue'),
  statement: () => import('./pages/StatementPage.vue'),
  playbooks: () => import('./pages/PlaybooksPage.vue'),
  plan: () => import('./pages/PlanPage.vue'),
  jobs: () => import('./pages/JobsPage.vue'),
  settings: () => import('./pages/SettingsPage.vue'),
  account: () => import('./pages/AccountPage.vue'),
}

export const router = createRouter({
  history: createWebHistory('/'),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignInPage.vue'), meta: { open: true } },
    { path: '/', name: 'home', redirect: '/overview' },
    { path: '/overview', name: 'overview', component: page.overview, meta: { may: 'overview.read' } },
    { path: '/r/:route', name: 'resource', component: page.resource },
    { path: '/r/:route/import', name: 'resource-import', component: page.import },
    { path: '/orders/import', name: 'order-import', component: page.import, meta: { may: 'order.import' } },
    { path: '/settlement/:month?', name: 'settlement', component: page.settlement, meta: { may: 'period.read' } },
    { path: '/statements', name: 'statements', component: page.statements, meta: { may: 'statement.read' } },
    { path: '/statements/:id', name: 'statement', component: page.statement },
    { path: '/playbooks', name: 'playbooks', component: page.playbooks, meta: { may: 'playbook.read' } },
    { path: '/plans/:id', name: 'plan', component: page.plan },
    { path: '/jobs', name: 'jobs', component: page.jobs, meta: { may: 'job.read' } },
    { path: '/settings', name: 'settings', component: page.settings, meta: { may: 'setting.read' } },
    { path: '/account', name: 'account', component: page.account },
    { path: '/:lost(.*)*', name: 'lost', component: () => import('./pages/LostPage.vue') },
  ],
})

router.beforeEach(async (to) => {
  const session = useSession()
  if (to.meta.open) return true
  const me = await session.load().catch(() => null)
  if (!me) return { name: 'sign-in', query: to.fullPath === '/overview' ? {} : { to: to.fullPath } }
  if (me.login.must_change && to.name !== 'account') return { name: 'account' }
  // Who has nothing to oversee earns: their home is the phone view, which also works on a wide screen.
  if (to.name === 'overview' && to.redirectedFrom?.name === 'home' && !session.can('overview.read') && me.person) {
    location.replace('/m/')
    return false
  }
  return true
})
