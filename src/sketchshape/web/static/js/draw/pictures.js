// A picture from a file, from the clipboard, or dropped on the page.

import { drawing } from '../api.js'
import { $ } from '../dom.js'

const LARGEST = 1600 // pixels of a side that are kept

/** Call `take` with every picture that a person gives, and `fail` when it is none. */
export function onPicture(take, fail) {
  const input = $('file')
  const give = file => { if (file) read(file).then(take, fail) }
  $('upload').onclick = () => input.click()
  input.onchange = () => { give(input.files[0]); input.value = '' }
  addEventListener('paste', event => {
    const file = [...(event.clipboardData?.files ?? [])].find(one => one.type.startsWith('image/'))
    if (file) { event.preventDefault(); give(file) }
  })
  let depth = 0
  const files = event => [...(event.dataTransfer?.types ?? [])].includes('Files')
  const shade = () => { $('drop').hidden = depth < 1 }
  addEventListener('dragenter', event => { if (files(event)) { depth++; shade() } })
  addEventListener('dragleave', event => { if (files(event)) { depth = Math.max(0, depth - 1); shade() } })
  addEventListener('dragover', event => { if (files(event)) event.preventDefault() })
  addEventListener('drop', event => {
    if (!files(event)) return
    event.preventDefault()
    depth = 0
    shade()
    give(event.dataTransfer.files[0])
  })
}

/** Read a file into {image, blob, name}; large pictures are reduced before they travel, others the server reads. */
async function read(file) {
  let blob = file
  let image = await createImageBitmap(file).catch(() => null)
  if (!image) {
    blob = await drawing(file)
    image = await createImageBitmap(blob)
  }
  const larger = Math.max(image.width, image.height) / LARGEST
  if (larger > 1) {
    const canvas = new OffscreenCanvas(Math.round(image.width / larger), Math.round(image.height / larger))
    const context = canvas.getContext('2d')
    context.imageSmoothingQuality = 'high' // thin lines stay whole
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    image = canvas.transferToImageBitmap()
    const copy = new OffscreenCanvas(image.width, image.height)
    copy.getContext('2d').drawImage(image, 0, 0)
    blob = await copy.convertToBlob({ type: 'image/png' })
  }
  return { image, blob, name: file.name || 'Pasted picture' }
}
