// States to go back to and forth: {strokes, picture}, each a value that never changes.

const BLANK = Object.freeze({ strokes: [], picture: null })
const MOST = 300

export class History {
  #states = [BLANK]
  #at = 0

  get now() { return this.#states[this.#at] }
  get canUndo() { return this.#at > 0 }
  get canRedo() { return this.#at < this.#states.length - 1 }
  get blank() { return !this.now.strokes.length && !this.now.picture }

  push(change) {
    this.#states = [...this.#states.slice(0, this.#at + 1), { ...this.now, ...change }].slice(-MOST)
    this.#at = this.#states.length - 1
  }

  undo() { if (this.canUndo) this.#at-- }
  redo() { if (this.canRedo) this.#at++ }
  clear() { if (!this.blank) this.push(BLANK) }
}
