// An example that draws itself, stroke by stroke.

import { $, make, plain } from '../dom.js'
import { EXAMPLES } from './examples.js'
import { fromLists, length } from './strokes.js'

const PACE = 0.75 // units a millisecond

/** Offer the examples that the library has something for. */
export function offer(labels, play) {
  const known = new Set(labels.map(label => label.toLowerCase().replace(/[\s-]+/g, '_')))
  const names = Object.keys(EXAMPLES).filter(name => known.has(name)).slice(0, 4)
  $('examples').hidden = !names.length
  $('example-list').replaceChildren(...names.map(name => {
    const button = make('button', { type: 'button', onclick: () => play(name) })
    button.append(small(EXAMPLES[name]), plain(name))
    return button
  }))
}

/** Draw an example on the easel; resolves at its end. A pointer that goes down ends it at once. */
export function play(name, easel, signal, tick) {
  const strokes = fromLists(EXAMPLES[name], easel.width)
  const all = strokes.reduce((sum, stroke) => sum + length(stroke.points), 0)
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
  return new Promise(done => {
    const start = performance.now()
    const step = now => {
      const way = calm || signal.aborted ? Infinity : (now - start) * Math.max(PACE, all / 4000)
      if (way >= all) { easel.settle(strokes); done(); return }
      const part = upTo(strokes, Math.max(0, way))
      easel.show(part)
      if (part.length) tick(now)
      requestAnimationFrame(step)
    }
    step(start)
  })
}

function upTo(strokes, way) {
  const out = []
  for (const stroke of strokes) {
    const points = [stroke.points[0]]
    for (let i = 1; i < stroke.points.length && way > 0; i++) {
      const [a, b] = [stroke.points[i - 1], stroke.points[i]]
      const d = Math.hypot(b[0] - a[0], b[1] - a[1])
      const t = d ? Math.min(1, way / d) : 1
      points.push([a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t])
      way -= d
    }
    if (points.length > 1) out.push({ ...stroke, points })
    if (way <= 0) break
  }
  return out
}

function small(lists) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  const text = fromLists(lists).map(({ points }) => 'M' + points.map(p => p.map(v => (v * 0.024).toFixed(1)).join(' ')).join('L'))
  path.setAttribute('d', text.join(''))
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(path)
  return svg
}
