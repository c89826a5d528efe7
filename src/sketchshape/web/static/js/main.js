// The page: what a person does on one side, what is asked and shown on the other.

import { get, search } from './api.js'
import { $, copy, number, plain } from './dom.js'
import * as demo from './draw/demo.js'
import { Easel } from './draw/easel.js'
import { toPicture } from './draw/paint.js'
import { decode, encode } from './draw/permalink.js'
import { onPicture } from './draw/pictures.js'
import { begun, drawn as marked, toLists } from './draw/strokes.js'
import { Taken } from './draw/taken.js'
import { asked, clearFilters, filtering, offerFilters, setUpFilters } from './filters.js'
import { Grid } from './grid.js'
import { setUpKeys } from './keys.js'
import { Live } from './live.js'
import { LibraryMap } from './map/map.js'
import { empty, failed, fine, shapes, tell, title } from './results.js'
import { Preview } from './shape/preview.js'

const FEW = 24 // shapes while one draws
const PAGE = 48

let most = Infinity // shapes in one answer, until the server has said how many
let subject = null // the shape that others should be like, instead of the drawing
let shown = FEW
let fitting = 0 // shapes that fit into the window
let drawing = new AbortController() // of an example that draws itself
let doubt = false // that anything is like the drawing

const easel = new Easel($('canvas'), at => { subject = null; shown = FEW; if ($('notice').dataset.lasts) fine(true); drawn(); ask(at) })
const preview = new Preview(likeThis, () => address(), () => { map.stale(); ask() })
const grid = new Grid(shape => preview.open(shape, grid.shapes), likeThis)
const map = new LibraryMap(async id => preview.open(await get(`api/shapes/${id}`)))
const live = new Live(send, show, fail)
const taken = new Taken(() => ask())

// ---- asking

function ask(at = performance.now()) {
  if (!easel.busy || !fitting) fitting = Math.min(FEW, grid.fitting)
  live.ask({ at, subject, drawing: easel.drawing, busy: easel.busy, rest: asked(), k: easel.busy ? fitting : shown })
}

async function send({ subject, drawing, rest, k }) {
  const { strokes, picture } = drawing
  if (subject) return search({ ...rest, like: subject.id, k })
  if (picture) return search({ ...rest, k }, strokes.length ? await toPicture(drawing) : picture.blob)
  if (marked(strokes)) return search({ ...rest, strokes: toLists(strokes), k })
  if (rest.words) return search({ ...rest, k })
  return { ...(await get(`api/shapes?mixed=true&limit=${Math.min(most, Math.max(PAGE, k))}`)), browsing: true }
}

function show(answer, question) {
  fine()
  grid.show(answer.shapes)
  taken.show(answer.taken_for ?? [])
  describe(answer, question)
  $('more').hidden = easel.busy || answer.shapes.length >= Math.min(most, answer.total) || answer.shapes.length < question.k
  address()
  requestAnimationFrame(() => setTimeout(() => { // after the frame that shows them
    document.dispatchEvent(new CustomEvent('results', { detail: { at: question.at, now: performance.now() } }))
  }))
}

function describe(answer, { subject, drawing, busy, rest }) {
  const found = answer.shapes.length
  const [unknown] = answer.unknown ?? []
  const took = answer.milliseconds == null ? '' : ` · ${Math.max(1, Math.round(answer.milliseconds))} ms`
  const best = answer.shapes[0]
  const wordy = !subject && easel.history.blank && !easel.drawing.strokes.length // words alone
  const strange = answer.doubtful && (wordy || drawing.picture || begun(drawing.strokes))
  doubt = strange && (doubt || !busy) // nobody is told so in the middle of a line
  const head = subject ? `More like ${plain(subject.name)}`
    : answer.browsing ? 'Your library'
    : wordy ? (doubt ? `Nothing much like “${rest.words}”` : `Named or like “${rest.words}”`)
    : doubt ? 'Nothing much like it yet' : 'Looks like your drawing'
  const meta = answer.browsing ? shapes(answer.total) : doubt ? `The nearest of ${number(answer.total)}` : `${number(found)} of ${number(answer.total)}${took}`
  title(head, meta, subject, () => { window.history.replaceState(null, '', '#'); unlike() })
  if (found) tell(answer.browsing ? shapes(answer.total) : `${shapes(found)}, ${doubt ? 'nearest' : 'first'} ${plain(best.name)}`)
  if (found) empty('')
  else if (!answer.total) empty('The library is empty', 'Put shapes into it, then start the service again: `sketchshape index FOLDER --out INDEX`')
  else if (unknown) empty(`“${unknown.word}” is unknown`, 'No name has it, and it is no word that the networks know.', ...meant(unknown))
  else if (wordy && !filtering()) empty('Nothing like it', `No name has a word of “${rest.words}”, and no shape looks like it.`, 'Clear the words', () => { clearFilters(); ask() })
  else empty('Nothing passes', 'No shape fits the words and filters together.', 'Clear words and filters', () => { clearFilters(); ask() })
}

/** What to do about a word that is unknown: search for what it may have been meant to be. */
function meant({ word, near }) {
  const again = words => { $('words').value = words; ask() }
  const all = $('words').value
  return near.length ? [`Search for “${near[0]}”`, () => again(all.replace(new RegExp(word, 'i'), near[0]))] : ['Clear the words', () => again('')]
}

function fail(error) {
  if (error.code === 'nothing' || error.code === 'blank-drawing') { fine(); return }
  failed(error, () => ask())
  if (!grid.shapes.length) title('No results yet', '')
}

function likeThis(shape) {
  subject = shape
  shown = FEW
  view('draw')
  ask()
  $('results').scrollIntoView({ block: 'start' })
}

function unlike() {
  subject = null
  ask()
}

// ---- drawing

function drawn() {
  const { history, drawing } = easel
  const blank = !drawing.strokes.length && !drawing.picture
  if (blank) taken.clear()
  $('paper').classList.toggle('drawn', !blank)
  $('undo').disabled = !history.canUndo
  $('redo').disabled = !history.canRedo
  $('clear').disabled = $('link').disabled = blank
  const count = drawing.strokes.length
  const picture = drawing.picture ? `a picture, ${plain(drawing.picture.name)}` : ''
  const lines = count ? `${count} ${count === 1 ? 'line' : 'lines'}` : ''
  $('canvas').setAttribute('aria-label', `Drawing area, ${[picture, lines].filter(Boolean).join(' and ') || 'blank'}`)
  $('picture-note').hidden = !drawing.picture
  $('picture-name').textContent = drawing.picture?.name ?? ''
}

function tool(name) {
  easel.tool = name
  for (const id of ['pen', 'eraser']) $(id).setAttribute('aria-pressed', id === name)
  $('paper').classList.toggle('erasing', name === 'eraser')
}

async function example(name) {
  drawing.abort()
  drawing = new AbortController()
  subject = null
  await demo.play(name, easel, drawing.signal, at => { drawn(); ask(at) })
}

for (const name of ['undo', 'redo', 'clear']) $(name).onclick = () => { drawing.abort(); easel.go(name) }
for (const name of ['pen', 'eraser']) $(name).onclick = () => tool(name)
$('width').oninput = () => { easel.width = Number($('width').value) }
$('canvas').addEventListener('pointerdown', () => drawing.abort(), { capture: true })
$('picture-remove').onclick = () => easel.set({ picture: null })
$('more').onclick = () => { shown = Math.min(most, grid.shapes.length + PAGE); ask() }
$('link').onclick = () => {
  if (!easel.drawing.strokes.length) { failed({ title: 'A link holds lines, not pictures', message: 'Draw over the picture, and the lines can be shared.', code: 'drawing' }); return }
  address()
  copy(location.href, 'Link copied')
}
onPicture(picture => { view('draw'); easel.set({ strokes: [], picture }) }, error => failed(error))

// ---- the address: a drawing, a shape or the map can be linked to

function address() {
  const parts = new URLSearchParams()
  const { strokes } = easel.history.now
  if (!$('map-view').hidden) parts.set('map', '')
  if (strokes.length) parts.set('d', encode(strokes))
  if (subject) parts.set('like', subject.id)
  if ($('words').value.trim()) parts.set('w', $('words').value.trim())
  if (preview.shape) parts.set('shape', preview.shape.id)
  const text = parts.toString().replace(/=(?=&|$)/g, '')
  if (location.hash.slice(1) !== text) window.history.replaceState(null, '', text ? `#${text}` : location.pathname)
}

async function restore() {
  const parts = new URLSearchParams(location.hash.slice(1))
  const strokes = parts.has('d') ? decode(parts.get('d')) : []
  const [like, open] = ['like', 'shape'].map(name => Number.parseInt(parts.get(name), 10))
  $('words').value = parts.get('w') ?? ''
  if (parts.has('d') && !strokes) failed({ title: 'This link is not whole', message: 'A part of it was lost on the way. Copy all of it, or draw anew.' })
  if (strokes?.length) easel.set({ strokes, picture: null })
  if (like >= 0) subject = await get(`api/shapes/${like}`).catch(() => null)
  view(parts.has('map') ? 'map' : 'draw')
  ask()
  if (open >= 0) await get(`api/shapes/${open}`).then(shape => preview.open(shape), error => failed(error))
}

// ---- the views

function view(name) {
  const drawing = name === 'draw'
  $('draw-view').hidden = !drawing
  $('map-view').hidden = drawing
  $('show-draw').setAttribute('aria-pressed', drawing)
  $('show-map').setAttribute('aria-pressed', !drawing)
  if (!drawing) map.load()
  address()
}

$('show-draw').onclick = () => view('draw')
$('show-map').onclick = () => view('map')
$('help').onclick = () => $('help-dialog').showModal()
$('help-dialog').onclick = event => { if (event.target.closest('[data-close]') || event.target === $('help-dialog')) $('help-dialog').close() }
setUpFilters(() => ask())
setUpKeys(by => { $('width').value = Number($('width').value) + by; $('width').oninput() }, () => view($('map-view').hidden ? 'map' : 'draw'))
addEventListener('hashchange', restore)

async function start() {
  try {
    const info = await get('api/info')
    most = info.limits.results
    $('count').textContent = shapes(info.shapes)
    offerFilters(info)
    $('preview-up').hidden = !info.turning
    demo.offer(info.labels, example)
  } catch (error) {
    failed(error, start)
  }
}

drawn()
restore().then(() => { document.documentElement.dataset.ready = '' })
start()
window.sketchshape = { easel, grid, live, preview } // for tests and the curious
