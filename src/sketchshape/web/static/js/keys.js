// Keys that work on the whole page; those of one part are in its own file.

import { $ } from './dom.js'

const PLAIN = {
  p: 'pen', e: 'eraser', u: 'upload', l: 'link', Delete: 'clear', Backspace: 'clear', '?': 'help', '/': 'words',
}

export function setUpKeys(step, toggleMap) {
  addEventListener('keydown', event => {
    const typing = event.target.closest?.('input:not([type=range], [type=checkbox]), select, textarea')
    if (document.querySelector('dialog[open]')) return
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !typing) {
      const key = event.key.toLowerCase()
      const action = key === 'z' ? (event.shiftKey ? 'redo' : 'undo') : key === 'y' ? 'redo' : null
      if (action) { $(action).click(); event.preventDefault() }
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (typing) {
      if (event.key === 'Escape') event.target.blur()
      return
    }
    if (event.key === 'm') toggleMap()
    else if (event.key === '[' || event.key === ']') step(event.key === ']' ? 1 : -1)
    else if (PLAIN[event.key] === 'words') $('words').focus()
    else if (PLAIN[event.key]) $(PLAIN[event.key]).click()
    else return
    event.preventDefault()
  })
}
