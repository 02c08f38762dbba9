import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { onSignedOut } from '@/kit/api'
import { addMessages, applyLocale, i18n } from '@/kit/i18n'
import { useSession } from '@/kit/session'
import { common } from '@/i18n/common'
import { desk } from '@/i18n/desk'
import App from './App.vue'
import { useWidgets } from './element'
import { router } from './router'
import '@/kit/theme.css'
import './desk.css'

addMessages(common, desk)
applyLocale()
const app = createApp(App)
app.use(createPinia()).use(i18n).use(router)
useWidgets(app)
// The session ended on the server: sign in and come back to the same page.
onSignedOut(() => {
  useSession().take(null)
  const here = router.currentRoute.value
  if (here.name !== 'sign-in') void router.replace({ name: 'sign-in', query: { to: here.fullPath, ended: '1' } })
})
app.mount('#app')
