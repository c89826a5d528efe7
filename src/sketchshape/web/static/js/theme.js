// Runs before the first paint, so that a chosen theme never flashes the other one.
(() => {
  const KEY = 'sketchshape-theme'
  const root = document.documentElement
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const read = () => { try { return localStorage.getItem(KEY) } catch { return null } }
  const apply = () => {
    root.dataset.theme = read() || (dark.matches ? 'dark' : 'light')
    document.dispatchEvent(new Event('theme'))
  }
  apply()
  dark.addEventListener('change', apply)
  addEventListener('DOMContentLoaded', () => {
    document.getElementById('theme')?.addEventListener('click', () => {
      try { localStorage.setItem(KEY, root.dataset.theme === 'dark' ? 'light' : 'dark') } catch { /* private mode */ }
      apply()
    })
  })
})()
