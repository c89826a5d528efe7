// One request in flight, the newest wins: what was asked in between is never sent.

export class Live {
  #next = null
  busy = false

  /** @param {(question) => Promise} send  @param {(answer, question) => void} show  @param {(error) => void} fail */
  constructor(send, show, fail) {
    Object.assign(this, { send, show, fail })
  }

  ask(question) {
    this.#next = question
    if (!this.busy) this.#run()
  }

  async #run() {
    this.busy = true
    while (this.#next) {
      const question = this.#next
      this.#next = null
      try {
        const answer = await this.send(question)
        this.show(answer, question)
      } catch (error) {
        if (!this.#next) this.fail(error, question)
      }
    }
    this.busy = false
  }
}
