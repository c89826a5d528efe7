// Words and filters, as the server takes them.

import { $, make, plain } from './dom.js'

const FIELDS = ['folder', 'format', 'faces-least', 'faces-most', 'unique']

export function setUpFilters(changed) {
  $('words').addEventListener('input', changed)
  $('filters').addEventListener('input', () => { count(); changed() })
  $('filters').addEventListener('reset', () => setTimeout(() => { count(); changed() }))
  $('filters').addEventListener('submit', event => event.preventDefault())
  $('filters-toggle').onclick = () => {
    const open = $('filters').hidden
    $('filters').hidden = !open
    $('filters-toggle').setAttribute('aria-expanded', open)
  }
}

export function offerFilters({ labels, formats, limits }) {
  $('words').maxLength = limits.words
  $('folder').append(...[...labels].sort().map(name => make('option', { value: name }, plain(name))))
  $('format').append(...formats.map(name => make('option', { value: name }, name.toUpperCase())))
}

/** The part of a search that words and filters make. */
export function asked() {
  const ask = {}
  const words = $('words').value.trim()
  const [least, most] = [$('faces-least').value, $('faces-most').value]
  if (words) ask.words = words
  if ($('folder').value) ask.folder = $('folder').value
  if ($('format').value) ask.formats = [$('format').value]
  if (least || most) ask.faces = [least ? Math.trunc(Number(least)) : null, most ? Math.trunc(Number(most)) : null]
  if ($('unique').checked) ask.unique = true
  return ask
}

export function filtering() {
  return FIELDS.filter(id => ($(id).type === 'checkbox' ? $(id).checked : $(id).value)).length
}

export function clearFilters() {
  $('words').value = ''
  $('filters').reset()
}

function count() {
  const set = filtering()
  $('filters-count').hidden = !set
  $('filters-count').textContent = set
}
