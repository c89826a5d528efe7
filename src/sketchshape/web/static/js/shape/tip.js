// Tipping a shape over: which axis of its file points up when one of the sides that are seen becomes its top.

// For each way up where +X, +Y and +Z of the shape as it is shown lie in its file. The same as AXES in Python.
const SHOWN = {
  y: { x: 'x', y: 'y', z: 'z' },
  z: { x: 'x', y: 'z', z: '-y' },
  x: { x: '-y', y: 'x', z: 'z' },
  '-y': { x: 'x', y: '-y', z: '-z' },
  '-z': { x: 'x', y: '-z', z: 'y' },
  '-x': { x: 'y', y: '-x', z: 'z' },
}

const opposite = axis => (axis.startsWith('-') ? axis.slice(1) : `-${axis}`)

/** The way up after a tip: to the `left` or the `right`, `near` (towards the eye), `far`, or `over` (upside down).
 *  `eye` is the horizontal axis of the shape as it is shown that points most towards the eye, such as '-x'. */
export function tipped(up, tip, eye) {
  const right = { z: 'x', x: '-z', '-z': '-x', '-x': 'z' }[eye]
  const top = { over: '-y', near: opposite(eye), far: eye, left: right, right: opposite(right) }[tip]
  const axis = SHOWN[up][top.replace('-', '')]
  return top.startsWith('-') ? opposite(axis) : axis
}
