// The library as a map to wander in: moving, looking closer, opening. What it looks like is in mappaint.js.

import { get } from '../api.js'
import { $, make, plain } from '../dom.js'
import { MapPainter, centersOf } from './mappaint.js'

export class LibraryMap {
  #canvas = $('atlas')
  #painter = new MapPainter(this.#canvas, () => this.#redraw())
  #map = null
  #view = { x: 0.5, y: 0.5, zoom: 1 } // the middle of the map that is in the middle of the window
  #pointers = new Map()
  #moved = 0
  #over = -1
  #frame = 0
  #glide = 0

  /** @param {(id: number) => void} open */
  constructor(open) {
    this.open = open
    const on = (name, action, options) => this.#canvas.addEventListener(name, action, options)
    on('pointerdown', e => this.#down(e))
    on('pointermove', e => this.#move(e))
    on('pointerup', e => this.#up(e))
    on('pointercancel', e => this.#pointers.delete(e.pointerId))
    on('pointerleave', () => this.#hover(-1))
    on('wheel', e => { e.preventDefault(); this.#zoom(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0016)), e.offsetX, e.offsetY) }, { passive: false })
    on('keydown', e => this.#key(e))
    $('map-in').onclick = () => this.#glideTo({ zoom: this.#view.zoom * 1.8 })
    $('map-out').onclick = () => this.#glideTo({ zoom: this.#view.zoom / 1.8 })
    $('map-all').onclick = () => this.#glideTo({ x: 0.5, y: 0.5, zoom: 1 })
    new ResizeObserver(() => this.#fit()).observe(this.#canvas)
    document.addEventListener('theme', () => this.#redraw())
  }

  /** Load again when it is next shown: shapes were turned. */
  stale() {
    this.#map = null
    this.#painter.forget()
    if (this.#canvas.clientWidth) this.load()
  }

  async load() {
    $('map-notice').hidden = true
    try {
      if (!this.#map) {
        this.#canvas.setAttribute('aria-busy', 'true')
        const found = await get('api/map')
        this.#map = { ...found, centers: centersOf(found) }
      }
      if (!this.#map.ids.length) throw Object.assign(new Error('Index a folder of shapes first: sketchshape index FOLDER --out INDEX'), { title: 'The library is empty' })
      this.#fit()
    } catch (error) {
      const again = make('button', { class: 'quiet', type: 'button', onclick: () => this.load() }, 'Try again')
      $('map-notice').replaceChildren(make('p', {}, make('b', {}, error.title || 'The map failed'), error.message), again)
      $('map-notice').hidden = false
    }
  }

  #fit() {
    const { clientWidth, clientHeight } = this.#canvas
    if (!clientWidth) return
    this.#canvas.width = clientWidth * devicePixelRatio
    this.#canvas.height = clientHeight * devicePixelRatio
    this.#redraw()
  }

  get #scale() {
    const [w, h] = [this.#canvas.clientWidth, this.#canvas.clientHeight]
    return { x: (w - Math.min(150, w * 0.22)) * this.#view.zoom, y: (h - 150) * this.#view.zoom }
  }

  #toScreen(i) {
    const { x, y } = this.#scale
    return [
      this.#canvas.clientWidth / 2 + (this.#map.x[i] - this.#view.x) * x,
      this.#canvas.clientHeight / 2 + (this.#map.y[i] - this.#view.y) * y + 14,
    ]
  }

  #redraw() {
    this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#draw() })
  }

  #draw() {
    if (!this.#map) return
    this.#painter.paint(this.#map, this.#view.zoom, i => this.#toScreen(i), this.#over)
    this.#canvas.setAttribute('aria-busy', 'false')
  }

  // ---- moving

  #down(event) {
    this.#canvas.setPointerCapture(event.pointerId)
    this.#pointers.set(event.pointerId, [event.offsetX, event.offsetY])
    this.#moved = 0
    cancelAnimationFrame(this.#glide)
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId)
    const now = [event.offsetX, event.offsetY]
    if (!before) { this.#hover(this.#nearest(...now), ...now); return }
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1]
    if (other) {
      const apart = p => Math.hypot(p[0] - other[0], p[1] - other[1])
      this.#zoom(apart(now) / Math.max(1, apart(before)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2)
    }
    const share = other ? 2 : 1
    this.#shift((now[0] - before[0]) / share, (now[1] - before[1]) / share)
    this.#moved += Math.hypot(now[0] - before[0], now[1] - before[1])
    this.#pointers.set(event.pointerId, now)
    if (this.#moved > 5) { this.#canvas.classList.add('dragging'); this.#hover(-1) }
  }

  #up(event) {
    const alone = this.#pointers.size === 1
    if (!this.#pointers.delete(event.pointerId)) return
    this.#canvas.classList.remove('dragging')
    const hit = this.#nearest(event.offsetX, event.offsetY)
    if (alone && this.#moved < 6 && hit >= 0) this.open(this.#map.ids[hit])
  }

  #shift(dx, dy) {
    this.#view.x -= dx / this.#scale.x
    this.#view.y -= dy / this.#scale.y
    this.#bound()
  }

  #zoom(factor, x, y) {
    const [dx, dy] = [x - this.#canvas.clientWidth / 2, y - this.#canvas.clientHeight / 2 - 14]
    const before = this.#scale
    this.#view.zoom = Math.min(400, Math.max(0.8, this.#view.zoom * factor))
    this.#view.x += dx / before.x - dx / this.#scale.x
    this.#view.y += dy / before.y - dy / this.#scale.y
    this.#bound()
  }

  #bound() {
    this.#view.x = Math.min(1, Math.max(0, this.#view.x))
    this.#view.y = Math.min(1, Math.max(0, this.#view.y))
    this.#redraw()
  }

  #glideTo(goal) {
    cancelAnimationFrame(this.#glide)
    const from = { ...this.#view }
    const to = { ...from, ...goal, zoom: Math.min(400, Math.max(0.8, goal.zoom ?? from.zoom)) }
    const span = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1 : 260
    const start = performance.now()
    const step = now => {
      const t = Math.min(1, Math.max(0, (now - start) / span))
      const e = 1 - (1 - t) ** 3
      this.#view.zoom = from.zoom * (to.zoom / from.zoom) ** e
      this.#view.x = from.x + (to.x - from.x) * e
      this.#view.y = from.y + (to.y - from.y) * e
      this.#bound()
      if (t < 1) this.#glide = requestAnimationFrame(step)
    }
    this.#glide = requestAnimationFrame(step)
  }

  // ---- looking

  #nearest(x, y) {
    if (!this.#map) return -1
    let [best, found] = [Infinity, -1]
    for (const i of this.#painter.shown) {
      const [px, py] = this.#toScreen(i)
      const d = Math.hypot(px - x, py - y)
      if (d < 36 && d < best) [best, found] = [d, i]
    }
    if (found >= 0) return found
    for (let i = 0; i < this.#map.ids.length; i++) {
      const [px, py] = this.#toScreen(i)
      const d = Math.hypot(px - x, py - y)
      if (d < 12 && d < best) [best, found] = [d, i]
    }
    return found
  }

  async #hover(i, x = 0, y = 0) {
    const card = $('map-card')
    this.#canvas.classList.toggle('over', i >= 0)
    if (i >= 0) {
      const [w, h] = [this.#canvas.clientWidth, this.#canvas.clientHeight]
      card.style.transform = `translate(${Math.min(w - 170, x + 22)}px, ${Math.max(8, Math.min(h - 210, y - 90))}px)`
    }
    if (i === this.#over) return
    this.#over = i
    this.#redraw()
    card.hidden = i < 0
    if (i < 0) return
    const id = this.#map.ids[i]
    card.querySelector('img').src = this.#painter.picture(id)
    const caption = card.querySelector('figcaption')
    const label = this.#map.labels[this.#map.label[i]] ?? ''
    caption.replaceChildren(plain(label))
    const shape = await get(`api/shapes/${id}`).catch(() => null)
    if (!shape || this.#over !== i) return
    caption.replaceChildren(plain(shape.name), make('small', {}, plain(label)))
    $('map-status').textContent = `${plain(shape.name)}, ${plain(label)}`
  }

  #key(event) {
    const way = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const [w, h] = [this.#canvas.clientWidth / 2, this.#canvas.clientHeight / 2]
    if (way) this.#shift(way[0] * 60, way[1] * 60)
    else if (event.key === '+' || event.key === '=') $('map-in').click()
    else if (event.key === '-') $('map-out').click()
    else if (event.key === '0') $('map-all').click()
    else if (event.key === 'Enter') {
      const near = this.#closest(w, h)
      if (near >= 0) this.open(this.#map.ids[near])
    } else return
    event.preventDefault()
    if (way) this.#hover(this.#closest(w, h), w, h)
  }

  #closest(x, y) {
    let [best, found] = [Infinity, -1]
    for (const i of this.#painter.shown) {
      const [px, py] = this.#toScreen(i)
      const d = Math.hypot(px - x, py - y)
      if (d < best) [best, found] = [d, i]
    }
    return found
  }
}
