// Strokes as values: {width, points: [[x, y], ...]}, in a square of SIDE units, y down. Nothing here changes its input.

export const SIDE = 1000
export const WIDTHS = [5, 9, 15, 24, 36] // in units, for the steps 1 to 5
const CLOSE = 1.6 // units within which a point may be left out
const DOT = 20 // units; smaller marks are no drawing
const LONG = 1.5 * SIDE // a line shorter than that is hardly an outline yet

/** Leave out points that lie on the line between their neighbours. [Douglas and Peucker 1973] */
export function simplify(points, tolerance = CLOSE) {
  const keep = new Uint8Array(points.length)
  keep[0] = keep[points.length - 1] = 1
  const waiting = [[0, points.length - 1]]
  while (waiting.length) {
    const [first, last] = waiting.pop()
    let farthest = 0
    let at = -1
    for (let i = first + 1; i < last; i++) {
      const d = toSegment(points[i], points[first], points[last])
      if (d > farthest) { farthest = d; at = i }
    }
    if (farthest > tolerance) {
      keep[at] = 1
      waiting.push([first, at], [at, last])
    }
  }
  return points.filter((_, i) => keep[i])
}

/** The points of a stroke that are sent and linked to: few, and whole numbers. A link gives just these again. */
export function kept(stroke) {
  return stroke.kept ?? simplify(stroke.points).map(p => p.map(Math.round))
}

/** A stroke that is finished. */
export function finish(stroke) {
  return { ...stroke, kept: kept(stroke) }
}

/** Is there more than the one short line with which a drawing begins? */
export function begun(strokes) {
  return strokes.length > 1 || strokes.some(stroke => length(stroke.points) >= LONG)
}

/** Is there more than a dot, with which every line begins? */
export function drawn(strokes) {
  const points = strokes.flatMap(stroke => stroke.points)
  const extent = axis => Math.max(...points.map(p => p[axis])) - Math.min(...points.map(p => p[axis]))
  return points.length > 0 && Math.max(extent(0), extent(1)) >= DOT
}

/** How long a line is, in units. */
export function length(points) {
  return points.slice(1).reduce((sum, p, i) => sum + Math.hypot(p[0] - points[i][0], p[1] - points[i][1]), 0)
}

/** What the server takes: [[xs, ys], ...]. */
export function toLists(strokes) {
  return strokes.map(kept).map(points => [points.map(p => p[0]), points.map(p => p[1])])
}

/** Take [[xs, ys], ...] of any unit onto the paper, centred, with a margin. */
export function fromLists(lists, width = 2, margin = 0.14) {
  const xs = lists.flatMap(s => s[0])
  const ys = lists.flatMap(s => s[1])
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const scale = (SIDE * (1 - 2 * margin)) / Math.max(right - left, bottom - top, 1e-9)
  const place = (x, y) => [SIDE / 2 + (x - (left + right) / 2) * scale, SIDE / 2 + (y - (top + bottom) / 2) * scale]
  return lists.map(([x, y]) => ({ width, points: x.map((value, i) => place(value, y[i])) }))
}

/** Take away what lies within `reach` of the way from `a` to `b`; a stroke may fall into pieces. */
export function erase(strokes, a, b, reach) {
  let changed = false
  const left = strokes.flatMap(stroke => {
    const limit = reach + WIDTHS[stroke.width - 1] / 2
    if (!stroke.points.some((p, i, all) => apart(a, b, p, all[i + 1] || p) <= limit)) return [stroke]
    changed = true
    const pieces = [[]]
    for (const p of dense(stroke.points, reach / 3)) {
      if (toSegment(p, a, b) <= limit) pieces.push([])
      else pieces.at(-1).push(p)
    }
    return pieces.filter(piece => piece.length > 1).map(piece => finish({ width: stroke.width, points: simplify(piece, 0.5) }))
  })
  return changed ? left : strokes
}

function dense(points, step) {
  const out = [points[0]]
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]]
    const parts = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / step))
    for (let j = 1; j <= parts; j++) out.push([a[0] + ((b[0] - a[0]) * j) / parts, a[1] + ((b[1] - a[1]) * j) / parts])
  }
  return out
}

function toSegment(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]]
  const square = dx * dx + dy * dy
  const t = square ? Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / square)) : 0
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy)
}

/** The distance of two segments: 0 where they cross. */
function apart(a, b, c, d) {
  const side = (p, q, r) => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
  if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return 0
  return Math.min(toSegment(a, c, d), toSegment(b, c, d), toSegment(c, a, b), toSegment(d, a, b))
}
