// The server, as functions. A failure is an Error with a `title`, a `message` that helps, and a `code`.

export class Failure extends Error {
  constructor(title, message, code = '') {
    super(message)
    this.title = title
    this.code = code
  }
}

export async function get(address) {
  return answer(address, {})
}

/** Choose which way up a shape stands, or all files of its format in its folder; `told` hears how far it is. */
export async function turn(shape, up, folder, told) {
  const headers = { 'content-type': 'application/json' }
  let said = await answer(`api/shapes/${shape.id}/up`, { method: 'PUT', headers, body: JSON.stringify({ up, folder }) })
  while (said.running) {
    told(said)
    await new Promise(again => setTimeout(again, 400))
    said = await get('api/turn')
  }
  if (said.failed) throw new Failure('The shapes were not all turned', said.failed, 'turning')
  return get(`api/shapes/${shape.id}`)
}

/** Search by strokes, a shape, a class or words (an object), or by a picture (a Blob) with an object beside it. */
export async function search(ask, picture = null) {
  if (!picture) {
    const headers = { 'content-type': 'application/json' }
    return answer('api/search', { method: 'POST', headers, body: JSON.stringify(ask) })
  }
  const form = new FormData()
  form.append('picture', picture, 'sketch.png')
  for (const [name, value] of Object.entries(ask)) {
    form.append(name, Array.isArray(value) ? JSON.stringify(value) : String(value))
  }
  return answer('api/search', { method: 'POST', body: form })
}

/** A file of a drawing that the browser cannot read, as a picture (a Blob). */
export async function drawing(file) {
  return answer('api/drawing', { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: file }, 'blob')
}

async function answer(address, options, kind = 'json') {
  let response
  try {
    response = await fetch(address, { ...options, signal: AbortSignal.timeout(20_000) })
  } catch (error) {
    throw error.name === 'TimeoutError'
      ? new Failure('The server takes too long', 'It may be busy with something else. Try again in a moment.', 'slow')
      : new Failure('The server does not answer', 'Check that “sketchshape serve” is still running, then try again.', 'away')
  }
  if (response.ok) return response[kind]()
  const said = await response.json().catch(() => ({}))
  throw new Failure(
    said.title || 'The request failed',
    said.detail || `The server answered ${response.status}.`,
    (said.type || '').replace('urn:sketchshape:', ''),
  )
}
