// What the map looks like: dots, thumbnails wherever there is room for one, and the names of folders.

import { plain } from '../dom.js'

const THUMB = 76 // pixels between thumbnails
const FEW = 80 // labels above which none is written
const MOST = 400 // thumbnails kept loaded

export class MapPainter {
  shown = [] // shapes that have a thumbnail now
  #canvas
  #context
  #images = new Map()
  #since = ''

  /** @param {() => void} changed called when a thumbnail has arrived */
  constructor(canvas, changed) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')
    this.changed = changed
  }

  /** The address of the thumbnail of a shape; another one after shapes were turned. */
  picture(id) { return `api/shapes/${id}/thumbnail.png${this.#since}` }

  /** Forget all thumbnails: shapes were turned. */
  forget() {
    this.#since = `?since=${Date.now()}`
    this.#images.clear()
  }

  /** @param {(i: number) => [number, number]} toScreen where a shape lies on the canvas  @param {number} over the chosen one */
  paint(map, zoom, toScreen, over) {
    Object.assign(this, { map, zoom, toScreen, over })
    const c = this.#context
    const [w, h] = [this.#canvas.clientWidth, this.#canvas.clientHeight]
    const style = getComputedStyle(this.#canvas)
    const color = name => style.getPropertyValue(name)
    c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    c.clearRect(0, 0, w, h)
    const { near, sprites } = this.#layout(w, h)
    c.fillStyle = color('--soft')
    c.globalAlpha = near.length > 4000 ? 0.35 : 0.5
    const r = near.length > 4000 ? 1.2 : 2.4
    for (const [, x, y] of near) c.fillRect(x - r / 2, y - r / 2, r, r)
    c.globalAlpha = 1
    for (const [i, x, y] of sprites) this.#sprite(c, i, x, y, color)
    if (this.map.labels.length <= FEW && this.zoom < 7) this.#labels(c, w, h, color)
    if (this.over >= 0) this.#ring(c, color('--accent'))
  }

  /** What is in the window, and which of it gets a thumbnail: as many as fit, those with a name and those of before first. */
  #layout(w, h) {
    const near = []
    const places = new Map()
    for (let i = 0; i < this.map.ids.length; i++) {
      const [x, y] = this.toScreen(i)
      if (x > -THUMB && y > -THUMB && x < w + THUMB && y < h + THUMB) {
        near.push([i, x, y])
        places.set(i, [x, y])
      }
    }
    const cell = (THUMB * 0.9) / Math.SQRT2 // at most one thumbnail lies in a cell
    const taken = new Map()
    const sprites = []
    const room = i => {
      if (!places.has(i) || sprites.length >= MOST) return
      const [x, y] = places.get(i)
      const [cx, cy] = [Math.floor(x / cell), Math.floor(y / cell)]
      for (let dx = -2; dx <= 2; dx++) for (let dy = -2; dy <= 2; dy++) {
        const there = taken.get(`${cx + dx},${cy + dy}`)
        if (there && Math.hypot(there[0] - x, there[1] - y) < THUMB * 0.9) return
      }
      taken.set(`${cx},${cy}`, [x, y])
      sprites.push([i, x, y])
    }
    for (const { place } of this.map.centers.slice(0, FEW)) room(place)
    for (const i of this.shown) room(i)
    for (const [i] of near) room(i)
    this.shown = sprites.map(sprite => sprite[0])
    return { near, sprites }
  }

  get #size() { return Math.min(110, 56 + 8 * Math.log2(this.zoom)) } // of a thumbnail

  #sprite(c, i, x, y, color) {
    const image = this.#image(i)
    const size = this.#size * (this.over === i ? 1.15 : 1)
    if (image.complete && image.naturalWidth) {
      c.drawImage(image, x - size / 2, y - size / 2, size, size)
    } else {
      c.fillStyle = color('--well')
      c.beginPath()
      c.arc(x, y, 14, 0, 7)
      c.fill()
    }
  }

  #image(i) {
    const id = this.map.ids[i]
    let image = this.#images.get(id)
    if (!image) {
      image = new Image()
      image.onload = () => this.changed()
      image.src = this.picture(id)
      this.#images.set(id, image)
      if (this.#images.size > 2 * MOST) this.#images.delete(this.#images.keys().next().value)
    }
    return image
  }

  #labels(c, w, h, color) {
    c.font = `600 13px ${getComputedStyle(document.body).fontFamily}`
    c.textAlign = 'center'
    c.lineWidth = 4
    c.lineJoin = 'round'
    const boxes = []
    const seen = new Set(this.shown)
    for (const { name, place } of this.map.centers) {
      if (!seen.has(place)) continue
      const [x, y] = this.toScreen(place)
      const half = c.measureText(name).width / 2 + 6
      const top = y + this.#size / 2 + 15
      const box = [x - half, top - 12, x + half, top + 6]
      if (x < -50 || x > w + 50 || y < -50 || y > h + 50) continue
      if (boxes.some(b => b[0] < box[2] && box[0] < b[2] && b[1] < box[3] && box[1] < b[3])) continue
      boxes.push(box)
      c.strokeStyle = color('--ground')
      c.strokeText(name, x, top)
      c.fillStyle = color('--text')
      c.fillText(name, x, top)
    }
  }

  #ring(c, color) {
    const [x, y] = this.toScreen(this.over)
    c.strokeStyle = color
    c.lineWidth = 2
    c.beginPath()
    c.arc(x, y, this.shown.includes(this.over) ? this.#size * 0.72 : 6, 0, 7)
    c.stroke()
  }
}

/** For each label the shape that lies nearest to the middle of all that bear it. */
export function centersOf({ x, y, label, labels }) {
  const sums = labels.map(() => [0, 0, 0])
  label.forEach((l, i) => { if (l >= 0) { sums[l][0] += x[i]; sums[l][1] += y[i]; sums[l][2]++ } })
  const best = labels.map(() => [Infinity, -1])
  label.forEach((l, i) => {
    if (l < 0) return
    const d = Math.hypot(x[i] - sums[l][0] / sums[l][2], y[i] - sums[l][1] / sums[l][2])
    if (d < best[l][0]) best[l] = [d, i]
  })
  return labels.map((name, l) => ({ name: plain(name), place: best[l][1] })).filter(c => c.place >= 0)
}
