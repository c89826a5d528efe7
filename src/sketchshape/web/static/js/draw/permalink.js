// A drawing as a short text: differences of points as variable-length numbers, in base64 for addresses.

import { SIDE, WIDTHS, kept } from './strokes.js'

const VERSION = 1
const MOST = 20_000 // points; a link is typed by anybody

export function encode(strokes) {
  const bytes = [VERSION]
  const put = value => {
    while (value > 127) { bytes.push((value & 127) | 128); value >>>= 7 }
    bytes.push(value)
  }
  const signed = value => put(value < 0 ? -2 * value - 1 : 2 * value)
  for (const stroke of strokes) {
    const points = kept(stroke)
    put(points.length)
    put(stroke.width)
    let [x, y] = [0, 0]
    for (const p of points) {
      signed(p[0] - x)
      signed(p[1] - y)
      ;[x, y] = p
    }
  }
  return btoa(bytes.map(b => String.fromCharCode(b)).join(''))
    .replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** The strokes of a text, or null when it holds none. */
export function decode(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))
    if (bytes[0] !== VERSION) return null
    let at = 1
    const take = () => {
      let [value, shift, byte] = [0, 0, 128]
      while (byte & 128) {
        if (at >= bytes.length || shift > 21) throw new Error('cut off')
        byte = bytes[at++]
        value |= (byte & 127) << shift
        shift += 7
      }
      return value
    }
    const signed = () => { const value = take(); return value & 1 ? -(value + 1) / 2 : value / 2 }
    const strokes = []
    let total = 0
    while (at < bytes.length) {
      const count = take()
      const width = Math.min(Math.max(take(), 1), WIDTHS.length)
      if ((total += count) > MOST) return null
      let [x, y] = [0, 0]
      const points = Array.from({ length: count }, () => [(x += signed()), (y += signed())])
      if (points.some(p => p.some(v => Math.abs(v) > 4 * SIDE))) return null
      if (count) strokes.push({ width, points, kept: points })
    }
    return strokes.length ? strokes : null
  } catch {
    return null
  }
}
