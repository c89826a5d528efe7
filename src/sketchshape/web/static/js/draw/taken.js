// What the drawing is taken for: a chip for each likely word. One of them can be taken for what is meant.

import { $, make, plain } from '../dom.js'

export class Taken {
  #chips = new Map()
  #meant = '' // the word that was taken

  /** @param {() => void} changed  what is asked after the words have changed */
  constructor(changed) {
    this.changed = changed
  }

  /** Offer words, [{word, probability}]; the one that was taken stays while its drawing does. */
  show(words) {
    const offered = new Map(words.map(one => [one.word, one.probability]))
    if (this.#meant && !this.#asked()) this.#meant = '' // it was deleted from the field
    if (this.#meant && offered.size && !offered.has(this.#meant)) offered.set(this.#meant, 0)
    const kept = new Map()
    let place = 0
    for (const [word, probability] of offered) {
      const chip = this.#chips.get(word) ?? this.#make(word)
      chip.lastChild.textContent = probability ? ` ${Math.round(probability * 100)} %` : ''
      chip.setAttribute('aria-pressed', word === this.#meant)
      kept.set(word, chip)
      const here = $('taken-list').children[place++]
      if (here !== chip) $('taken-list').insertBefore(chip, here ?? null)
    }
    while ($('taken-list').children.length > kept.size) $('taken-list').lastChild.remove()
    this.#chips = kept
    $('taken').hidden = !kept.size
  }

  /** Forget the drawing, and what it was said to be. */
  clear() {
    if (this.#meant) this.#replace('')
    this.show([])
  }

  #make(word) {
    const chip = make('button', { type: 'button', onclick: () => this.#take(word) }, plain(word), make('span', {}))
    return chip
  }

  #take(word) {
    this.#replace(word === this.#meant ? '' : word)
    for (const [one, chip] of this.#chips) chip.setAttribute('aria-pressed', one === this.#meant)
    this.changed()
  }

  /** Put a word into the field in place of the one that was taken before; what was typed stays. */
  #replace(word) {
    const rest = this.#meant ? $('words').value.replace(this.#meant, '') : $('words').value
    $('words').value = `${rest} ${word}`.replace(/\s+/g, ' ').trim()
    this.#meant = word
  }

  #asked() {
    return ` ${$('words').value.replace(/\s+/g, ' ')} `.includes(` ${this.#meant} `)
  }
}
