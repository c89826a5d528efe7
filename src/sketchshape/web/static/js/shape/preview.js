// The large preview of a shape, with its facts, and the way to the one before and after.

import { turn } from '../api.js'
import { $, bytes, copy, make, number, plain, shown } from '../dom.js'
import { tipped } from './tip.js'

const TIPS = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'far', ArrowDown: 'near' }

export class Preview {
  shape = null
  #dialog = $('preview')
  #stage = null
  #shapes = []
  #turn = 0
  #tipping = false

  /** @param {(shape) => void} like  @param {(shape | null) => void} changed  @param {() => void} tipped */
  constructor(like, changed, tipped) {
    Object.assign(this, { like, changed, tipped })
    for (const button of $('preview-up').querySelectorAll('[data-tip]')) button.onclick = () => this.#tip(button.dataset.tip)
    $('preview-close').onclick = () => this.close()
    $('preview-before').onclick = () => this.#step(-1)
    $('preview-after').onclick = () => this.#step(1)
    $('preview-copy').onclick = () => this.#copy()
    $('preview-like').onclick = () => this.#like()
    this.#dialog.addEventListener('close', () => this.#closed())
    this.#dialog.addEventListener('click', event => { if (event.target === this.#dialog) this.close() })
    this.#dialog.addEventListener('keydown', event => this.#key(event), { capture: true }) // before the canvas
  }

  /** Open a shape; `shapes` are those to go through. */
  open(shape, shapes = [shape]) {
    this.#shapes = shapes
    if (!this.#dialog.open) {
      this.#dialog.showModal()
      $('preview-canvas').focus({ preventScroll: true })
    }
    this.#show(shape)
  }

  close() { if (this.#dialog.open) this.#dialog.close() }

  #show(shape) {
    this.shape = shape
    this.#tell(shape)
    this.#model(shape)
    this.changed(shape)
  }

  #tell(shape) {
    const place = this.#shapes.findIndex(one => one.id === shape.id)
    const rank = $('preview-rank')
    rank.replaceChildren()
    if (shape.score != null) rank.append(make('b', {}, shape.score.toFixed(2)), ` likeness, ${place + 1} of ${this.#shapes.length}`)
    else if (this.#shapes.length > 1) rank.append(`${place + 1} of ${this.#shapes.length}`)
    $('preview-name').textContent = plain(shape.name)
    $('preview-tags').replaceChildren(...shape.tags.map(tag => make('span', {}, plain(tag))))
    const extent = shape.bounds.map(value => Number(value.toPrecision(3))).join(' × ')
    const facts = { Triangles: number(shape.faces), File: `${shape.format.toUpperCase()}, ${bytes(shape.size)}`, Extent: extent }
    $('preview-facts').replaceChildren(
      ...Object.entries(facts).map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))),
    )
    $('preview-path').textContent = shown(shape.path)
    $('preview-kind').textContent = `All ${shape.format.toUpperCase()} files in ${plain(shape.tags.at(-1) ?? 'this folder')}`
    $('preview-up-said').textContent = shape.ups.length > 1 ? 'It may stand otherwise, so other ways are searched too.' : ''
    $('preview-download').href = shape.file
    $('preview-before').hidden = place < 1
    $('preview-after').hidden = place < 0 || place >= this.#shapes.length - 1
    const said = `${shown(shape.name)} in three dimensions. Arrow keys turn it, plus and minus zoom.`
    $('preview-canvas').setAttribute('aria-label', said)
  }

  async #model(shape) {
    const turn = ++this.#turn
    const stage = this.#dialog.querySelector('.stage')
    const note = $('preview-note')
    stage.classList.remove('ready')
    $('preview-still').src = shape.thumbnail
    note.textContent = ''
    const slow = setTimeout(() => { if (turn === this.#turn) note.textContent = 'Loading the shape' }, 400)
    try {
      const { Stage } = await import('./scene.js')
      this.#stage ??= new Stage($('preview-canvas'))
      await this.#load(shape)
      if (turn !== this.#turn) return
      stage.classList.add('ready')
      note.textContent = matchMedia('(pointer: coarse)').matches ? 'Drag to turn, pinch to zoom' : 'Drag to turn, scroll to zoom'
    } catch (error) {
      if (turn === this.#turn) note.textContent = explain(error)
    } finally {
      clearTimeout(slow)
    }
  }

  async #load(shape) {
    try {
      await this.#stage.show(shape.mesh)
    } catch {
      await this.#stage.show(`${shape.mesh}&plain=true`) // materials or extensions that three.js does not take
    }
  }

  /** Tip the shape over as it is seen, or let it be judged again (auto); what was chosen is kept. */
  async #tip(tip) {
    const { shape } = this
    if (this.#tipping || $('preview-up').hidden) return
    const up = tip === 'auto' ? 'auto' : tipped(shape.ups[0], tip, this.#stage?.eye ?? 'z')
    const said = $('preview-up-said')
    this.#tipping = true
    said.textContent = 'Turning…'
    try {
      const turned = await turn(shape, up, $('preview-folder').checked, ({ done, total }) => {
        said.textContent = total ? `Turning ${done} of ${total}` : 'Turning…'
      })
      this.#shapes = this.#shapes.map(one => (one.id === turned.id ? { ...one, ...turned, score: one.score } : one))
      if (this.shape?.id === turned.id) this.#show(this.#shapes.find(one => one.id === turned.id) ?? turned)
      if (turned.ups.length === 1) said.textContent = up === 'auto' ? 'It is judged to stand so.' : 'It is searched so from now on.'
      this.tipped()
    } catch (error) {
      said.textContent = error.message
    } finally {
      this.#tipping = false
    }
  }

  #step(by) {
    const next = this.#shapes[this.#shapes.findIndex(one => one.id === this.shape.id) + by]
    if (next) this.#show(next)
  }

  #copy() { copy(this.shape.path, 'Path copied') }

  #like() {
    const { shape } = this
    this.close()
    this.like(shape)
  }

  #closed() {
    this.#turn++
    this.#stage?.rest()
    this.#stage?.clear()
    const { shape } = this
    this.shape = null
    this.changed(null)
    document.querySelector(`.tile[data-id="${shape?.id}"] .open`)?.focus({ preventScroll: true })
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.shiftKey && TIPS[event.key]) {
      this.#tip(TIPS[event.key])
      event.preventDefault()
      event.stopPropagation()
      return
    }
    const arrows = event.target.id === 'preview-canvas' ? {} : { ArrowLeft: -1, ArrowRight: 1 }
    const by = { PageUp: -1, PageDown: 1, ...arrows }[event.key]
    if (by) this.#step(by)
    else if (event.key === 'c') this.#copy()
    else if (event.key === 's') this.#like()
    else return
    event.preventDefault()
  }

  /** How often the view was turned: something for tests to look at. */
  get turned() { return this.#stage?.turned ?? 0 }
}

function explain(error) {
  if (/WebGL/i.test(error.message)) return 'This browser shows no 3D here (WebGL is off); the picture and the download are below.'
  if (/409/.test(error.message)) return 'The file changed since the library was indexed. Run “sketchshape index” again.'
  return 'The shape could not be loaded. The download may still work.'
}
