// The right half of the page: its title, its tiles, and what it says when there is nothing or something failed.

import { $, icon, make, number } from './dom.js'

/** Say what the results are; `subject` is a shape that others are like. */
export function title(text, meta, subject = null, back = null) {
  $('results-title').textContent = text
  $('meta').textContent = meta
  const shown = $('subject').dataset.id
  if (!subject) { $('subject').replaceChildren(); delete $('subject').dataset.id; return }
  if (shown === String(subject.id)) return
  $('subject').dataset.id = subject.id
  const button = make('button', { type: 'button', class: 'icon', 'aria-label': 'Back to the drawing', title: 'Back to the drawing', onclick: back }, icon('left'))
  $('subject').replaceChildren(button, make('img', { src: subject.thumbnail, alt: '' }))
}

let waiting = 0
let told = { head: '', text: '' }
/** Tell a screen reader what is new, when nothing changed for a while: results change with every stroke. */
export function tell(text) {
  clearTimeout(waiting)
  waiting = setTimeout(() => {
    const head = $('results-title').textContent
    if (head !== told.head) $('status').textContent = `${head}: ${text}`
    else if (text !== told.text) $('status').textContent = text
    told = { head, text }
  }, 900)
}

export function empty(head, text, action = null, does = null) {
  $('empty').hidden = !head
  if (!head) { $('empty').replaceChildren(); return }
  const [before, code, after = ''] = text.split('`')
  const words = make('p', {}, before, ...(code ? [make('code', {}, code), after] : []))
  const parts = [icon('search'), make('b', {}, head), words]
  if (action) parts.push(make('button', { type: 'button', class: 'quiet', onclick: does }, action))
  $('empty').replaceChildren(...parts)
}

export function failed(error, again) {
  $('notice').dataset.lasts = again ? '' : 'yes'
  const mild = ['blank-drawing', 'drawing', 'too-many-strokes'].includes(error.code)
  const text = make('p', {}, make('b', {}, error.title || 'Something went wrong'), error.message)
  const parts = [text]
  if (again && !mild) parts.push(make('button', { type: 'button', class: 'quiet', onclick: again }, 'Try again'))
  parts.push(make('button', { type: 'button', class: 'quiet', onclick: () => fine(true) }, 'Close'))
  $('notice').classList.toggle('mild', mild)
  $('notice').replaceChildren(...parts)
  $('notice').hidden = false
}

/** Take a notice away; one that is not about a request stays until something else is drawn or it is closed. */
export function fine(all = false) {
  if (all || !$('notice').dataset.lasts) $('notice').hidden = true
}

export const shapes = count => `${number(count)} ${count === 1 ? 'shape' : 'shapes'}`
