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
    let flight = this.#take()
    while (flight) {
      const { question, answer } = flight
      const result = await answer.then(value => ({ value }), error => ({ error }))
      flight = this.#take() // the next one travels while this one is put on the screen
      try {
        if (result.error) throw result.error
        this.show(result.value, question)
      } catch (error) {
        if (!flight) this.fail(error, question)
      }
      flight ??= this.#take()
    }
    this.busy = false
  }

  #take() {
    if (!this.#next) return null
    const question = this.#next
    this.#next = null
    return { question, answer: this.send(question) }
  }
}
