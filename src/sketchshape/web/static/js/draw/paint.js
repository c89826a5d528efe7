// Strokes and a picture onto a canvas.

import { SIDE, WIDTHS } from './strokes.js'

/** Paint a drawing on a square of `side` pixels. */
export function paint(context, { strokes, picture }, side, ink, dark = false) {
  context.save()
  context.clearRect(0, 0, side, side)
  if (picture) {
    const { image } = picture
    const scale = Math.min(side / image.width, side / image.height) * 0.94
    const [w, h] = [image.width * scale, image.height * scale]
    if (dark) context.filter = 'invert(1)'
    context.drawImage(image, (side - w) / 2, (side - h) / 2, w, h)
    context.filter = 'none'
  }
  context.scale(side / SIDE, side / SIDE)
  context.lineCap = context.lineJoin = 'round'
  context.strokeStyle = context.fillStyle = ink
  for (const stroke of strokes) line(context, stroke)
  context.restore()
}

/** Draw a stroke as a smooth line: through the middles of its segments, bent at its points. */
function line(context, { points, width }) {
  context.lineWidth = WIDTHS[width - 1]
  context.beginPath()
  if (points.length === 1) {
    context.arc(points[0][0], points[0][1], WIDTHS[width - 1] / 2, 0, 7)
    context.fill()
    return
  }
  context.moveTo(...points[0])
  for (let i = 1; i < points.length - 1; i++) {
    const [a, b] = [points[i], points[i + 1]]
    const sharp = Math.hypot(b[0] - a[0], b[1] - a[1]) > 60 // far points were set on purpose: keep their corners
    if (sharp) context.lineTo(...a)
    else context.quadraticCurveTo(a[0], a[1], (a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
  }
  context.lineTo(...points.at(-1))
  context.stroke()
}

/** The drawing as a PNG, black on white, to be searched by. */
export async function toPicture(drawing, side = 640) {
  const canvas = new OffscreenCanvas(side, side)
  const context = canvas.getContext('2d')
  paint(context, drawing, side, '#000')
  context.globalCompositeOperation = 'destination-over'
  context.fillStyle = '#fff'
  context.fillRect(0, 0, side, side)
  return canvas.convertToBlob({ type: 'image/png' })
}
