// The grid of shapes. A tile that stays in the results keeps its element: nothing flickers while one draws.

import { $, icon, make, plain, shown } from './dom.js'

export class Grid {
  shapes = []
  #tiles = new Map()
  #list = $('grid')

  /** @param {(shape) => void} open  @param {(shape) => void} like */
  constructor(open, like) {
    Object.assign(this, { open, like })
    this.#list.addEventListener('keydown', event => this.#key(event))
  }

  show(shapes) {
    this.shapes = shapes
    const kept = new Map()
    shapes.forEach((shape, place) => {
      const tile = this.#tiles.get(shape.id) ?? this.#make(shape)
      tile.update(shape, place)
      kept.set(shape.id, tile)
      const here = this.#list.children[place]
      if (here !== tile.element) this.#list.insertBefore(tile.element, here ?? null)
    })
    while (this.#list.children.length > shapes.length) this.#list.lastChild.remove()
    this.#tiles = kept
  }

  focus(place) {
    this.#list.children[place]?.querySelector('.open').focus()
  }

  /** How many tiles fit into the window: more of them are not needed while one draws. */
  get fitting() {
    const box = this.#list.firstChild?.getBoundingClientRect()
    if (!box?.width) return 12
    const columns = Math.max(1, Math.round(this.#list.clientWidth / box.width))
    return columns * Math.max(1, Math.ceil((innerHeight - this.#list.getBoundingClientRect().top) / box.height))
  }

  #make(shape) {
    const image = make('img', { alt: '', draggable: 'false', loading: 'lazy', decoding: 'async' })
    const picture = make('span', { class: 'picture' }, image)
    const bar = make('span', { class: 'likeness' })
    const name = make('span', { class: 'name' })
    const where = make('span', { class: 'where' })
    const score = make('span', { class: 'score' })
    let current = shape
    image.onerror = () => {
      image.remove()
      picture.append(make('span', { class: 'broken' }, 'No picture: the file changed or went away'))
    }
    picture.append(bar)
    const button = make('button', { type: 'button', class: 'open', onclick: () => this.open(current) })
    button.append(picture, make('span', { class: 'line' }, where, score), name)
    const like = make('button', {
      type: 'button', class: 'icon like', tabindex: '-1', title: 'More like this (S)',
      'aria-label': `More like ${shown(shape.name)}`, onclick: () => this.like(current),
    }, icon('like'))
    const element = make('li', { class: 'tile', 'data-id': shape.id }, button, like)
    const folder = shape.tags.at(-1) ?? ''
    name.textContent = plain(shape.name)
    name.title = shown(shape.path)
    where.textContent = plain(folder)
    return {
      element,
      update(now, place) {
        current = now
        if (image.getAttribute('src') !== now.thumbnail) image.src = now.thumbnail // it was turned
        const scored = now.score != null
        const text = scored ? now.score.toFixed(2) : ''
        if (score.textContent !== text) score.textContent = text
        bar.hidden = !scored
        if (scored) bar.style.setProperty('--score', Math.max(0, Math.min(1, now.score)))
        const told = `${place + 1}. ${shown(now.name)}${folder ? `, ${shown(folder)}` : ''}${scored ? `, likeness ${text}` : ''}`
        button.setAttribute('aria-label', told)
      },
    }
  }

  #key(event) {
    const tile = event.target.closest('.tile')
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return
    const place = [...this.#list.children].indexOf(tile)
    const columns = getComputedStyle(this.#list).gridTemplateColumns.split(' ').length
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -place, End: 1e6 }
    if (event.key in steps) {
      this.focus(Math.min(this.shapes.length - 1, Math.max(0, place + steps[event.key])))
      event.preventDefault()
    } else if (event.key === 's') {
      this.like(this.shapes[place])
    }
  }
}
