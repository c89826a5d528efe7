// The paper: pointer and keyboard become strokes; undo, redo, eraser.

import { History } from './history.js'
import { paint } from './paint.js'
import { SIDE, erase, finish } from './strokes.js'

const ERASER = 26 // radius in units
const STEP = 12 // units that an arrow key moves the pen

export class Easel {
  tool = 'pen'
  width = 2
  history = new History()
  #canvas
  #context
  #stroke = null // being drawn
  #rubbed = null // strokes while the eraser is down
  #last = null
  #cursor = null // of the keyboard, or of the eraser
  #keyboard = false
  #box = null
  #raw = false // moves of this stroke come by pointerrawupdate
  #frame = 0

  /** @param {(at: number) => void} changed called with the time of the event that changed the drawing */
  constructor(canvas, changed) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')
    this.changed = changed
    new ResizeObserver(() => this.#fit()).observe(canvas)
    document.addEventListener('theme', () => this.repaint())
    const on = (name, action) => canvas.addEventListener(name, event => action(event))
    on('pointerdown', e => this.#down(e))
    on('pointerrawupdate', e => { if (this.#last) { this.#raw = true; this.#move(e) } }) // does not wait for a frame
    on('pointermove', e => { if (!this.#raw) this.#move(e) })
    on('pointerup', e => this.#up(e))
    on('pointercancel', e => this.#up(e))
    on('pointerleave', () => { if (!this.#rubbed && !this.#keyboard) { this.#cursor = null; this.repaint() } })
    on('keydown', e => this.#key(e))
    on('blur', () => this.#lift(performance.now()))
  }

  /** Is the pen or the eraser down, or an example drawing itself? */
  get busy() { return Boolean(this.#last || this.#rubbed) }

  /** What is to be seen now, with the stroke that is being drawn. */
  get drawing() {
    const { strokes, picture } = this.history.now
    if (this.#rubbed) return { strokes: this.#rubbed, picture }
    return { strokes: this.#stroke ? [...strokes, this.#stroke] : strokes, picture }
  }

  set(change) {
    this.history.push(change)
    this.#touched(performance.now())
  }

  show(strokes) { this.#rubbed = strokes; this.repaint() } // of an example that is drawing itself

  settle(strokes) { this.#rubbed = null; this.set({ strokes: strokes.map(finish), picture: null }) }

  go(action) {
    this.#stroke = this.#rubbed = null
    this.history[action]()
    this.#touched(performance.now())
  }

  repaint() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      const style = getComputedStyle(this.#canvas)
      const dark = document.documentElement.dataset.theme === 'dark'
      paint(this.#context, this.drawing, this.#canvas.width, style.getPropertyValue('--ink'), dark)
      if (this.#cursor) this.#paintCursor(style)
    })
  }

  #touched(at) {
    this.repaint()
    this.changed(at)
  }

  #fit() {
    const side = Math.round(this.#canvas.clientWidth * devicePixelRatio)
    if (!side || side === this.#canvas.width) return
    this.#canvas.width = this.#canvas.height = side
    this.repaint()
  }

  #place(event) {
    const box = this.#box // measured when the pen goes down: to measure for each move is to lay the page out each time
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE]
  }

  #down(event) {
    if (event.button > 0 && event.button !== 5) return
    if (this.#last) return // a second finger
    this.#lift(event.timeStamp)
    this.#canvas.setPointerCapture(event.pointerId)
    this.#box = this.#canvas.getBoundingClientRect()
    this.#keyboard = false
    this.#last = { id: event.pointerId, point: this.#place(event) }
    if (this.tool === 'eraser' || event.buttons & 32) {
      this.#rubbed = this.history.now.strokes
      this.#rub(this.#last.point, event.timeStamp)
    } else {
      this.#cursor = null
      this.#stroke = { width: this.width, points: [this.#last.point] }
      this.#touched(event.timeStamp)
    }
  }

  #move(event) {
    if (!this.#last) {
      if (this.tool !== 'eraser' || event.pointerType === 'touch') return
      this.#box = this.#canvas.getBoundingClientRect()
      this.#cursor = this.#place(event)
      this.repaint()
      return
    }
    if (event.pointerId !== this.#last.id) return
    const events = event.getCoalescedEvents?.() ?? []
    for (const one of events.length ? events : [event]) this.#to(this.#place(one), event.timeStamp)
  }

  #to(point, at) {
    const [x, y] = this.#last.point
    if (Math.hypot(point[0] - x, point[1] - y) < 2) return
    if (this.#rubbed) {
      this.#rub(point, at)
      return
    }
    this.#stroke = { ...this.#stroke, points: [...this.#stroke.points, point] }
    this.#last.point = point
    this.#touched(at)
  }

  #rub(point, at) {
    const left = erase(this.#rubbed, this.#last.point, point, ERASER)
    this.#cursor = this.#last.point = point
    if (left === this.#rubbed) { this.repaint(); return }
    this.#rubbed = left
    this.#touched(at)
  }

  #up(event) {
    if (event.pointerId !== this.#last?.id) return
    this.#last = null
    this.#raw = false
    if (event.pointerType === 'touch') this.#cursor = null
    const [stroke, rubbed] = [this.#stroke, this.#rubbed]
    this.#stroke = this.#rubbed = null
    if (stroke) this.set({ strokes: [...this.history.now.strokes, finish(stroke)] })
    else if (rubbed && rubbed !== this.history.now.strokes) this.set({ strokes: rubbed })
    else this.repaint()
  }

  // With the keyboard: arrows move the pen, Space puts it down and lifts it.
  #key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (way) {
      const by = STEP * (event.shiftKey ? 5 : 1)
      const from = this.#cursor ?? [SIDE / 2, SIDE / 2]
      this.#cursor = from.map((value, i) => Math.min(SIDE, Math.max(0, value + way[i] * by)))
      this.#keyboard = true
      if (this.#last) this.#to(this.#cursor, event.timeStamp)
      this.repaint()
    } else if (event.key === ' ') {
      this.#cursor ??= [SIDE / 2, SIDE / 2]
      this.#keyboard = true
      if (this.#last) this.#lift(event.timeStamp)
      else {
        this.#last = { id: 'keyboard', point: this.#cursor }
        if (this.tool === 'eraser') { this.#rubbed = this.history.now.strokes; this.#rub(this.#cursor, event.timeStamp) }
        else { this.#stroke = { width: this.width, points: [this.#cursor] }; this.#touched(event.timeStamp) }
      }
    } else return
    event.preventDefault()
  }

  #lift(at) {
    if (this.#last?.id === 'keyboard') this.#up({ pointerId: 'keyboard', timeStamp: at })
  }

  #paintCursor(style) {
    const scale = this.#canvas.width / SIDE
    const radius = this.tool === 'eraser' ? ERASER : 14
    this.#context.beginPath()
    this.#context.arc(this.#cursor[0] * scale, this.#cursor[1] * scale, radius * scale, 0, 7)
    this.#context.lineWidth = 1.5 * devicePixelRatio
    this.#context.strokeStyle = style.getPropertyValue('--accent')
    this.#context.stroke()
  }
}
