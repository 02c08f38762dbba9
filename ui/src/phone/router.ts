import { createRouter, createWebHistory } from 'vue-router'
import { useSession } from '@/kit/session'

export const router = createRouter({
  history: createWebHistory('/m/'),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignInPage.vue'), meta: { open: true } },
    { path: '/', name: 'earnings', component: () => import('./pages/EarningsPage.vue') },
    { path: '/statements', name: 'statements', component: () => import('./pages/StatementsPage.vue') },
    { path: '/statements/:id', name: 'statement', component: () => import('./pages/StatementPage.vue') },
    { path: '/orders', name: 'orders', component: () => import('./pages/OrdersPage.vue') },
    { path: '/me', name: 'me', component: () => import('./pages/MePage.vue') },
    { path: '/:lost(.*)*', redirect: '/' },
  ],
})

router.beforeEach(async (to) => {
  if (to.meta.open) return true
  const me = await useSession().load().catch(() => null)
  if (me?.login.must_change && to.name !== 'me') return { name: 'me' }
  return me ? true : { name: 'sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
})
