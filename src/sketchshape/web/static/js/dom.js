// Small helpers for the page's elements.

export const $ = id => document.getElementById(id)

/** Make an element: make('p', {class: 'fine', onclick: f}, 'text', child). */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else if (value === true) element.setAttribute(key, '')
    else if (value !== false && value != null) element.setAttribute(key, value)
  }
  element.append(...children)
  return element
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  use.setAttribute('href', `#i-${name}`)
  svg.setAttribute('aria-hidden', 'true')
  svg.append(use)
  return svg
}

let timer = 0
export function toast(text) {
  const element = $('toast')
  element.textContent = text
  element.classList.add('up')
  clearTimeout(timer)
  timer = setTimeout(() => element.classList.remove('up'), 2200)
}

export async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text)
    toast(said)
  } catch {
    const area = make('textarea', { class: 'hidden' })
    const home = document.querySelector('dialog[open]') || document.body // what is outside a dialog has no focus
    area.value = text
    home.append(area)
    area.select()
    toast(document.execCommand('copy') ? said : 'The browser does not allow copying here')
    area.remove()
  }
}

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** A name or a path in which nothing hides and nothing turns the order of letters. */
export const shown = name => name.replace(CONTROLS, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
/** A name of a file or a folder as people write it. */
export const plain = name => shown(name).replace(/_+/g, ' ')
export const number = value => new Intl.NumberFormat('en').format(value)
export const bytes = value =>
  value < 1000 ? `${value} B` : value < 1e6 ? `${(value / 1e3).toFixed(0)} kB` : `${(value / 1e6).toFixed(1)} MB`
