// A shape in three dimensions on a canvas. Loaded when the first preview opens: three.js is large.

import {
  AmbientLight, Box3, CircleGeometry, Color, DirectionalLight, GLTFLoader, HemisphereLight, Mesh,
  MeshStandardMaterial, OrbitControls, PCFShadowMap, PerspectiveCamera, Scene, ShadowMaterial, Vector3, WebGLRenderer,
  toCreasedNormals,
} from '../../vendor/three.js'

const SMOOTHED = 150_000 // vertices above which normals are left as they are
const SLOW = 70 // milliseconds of a frame
const CREASE = 0.6 // radians: edges sharper than this stay sharp

export class Stage {
  #canvas
  #renderer
  #scene = new Scene()
  #camera = new PerspectiveCamera(32, 1, 0.01, 100)
  #controls
  #shape = null
  #calm = matchMedia('(prefers-reduced-motion: reduce)').matches
  #floor
  #running = false
  #dirty = false // the view changed since it was drawn
  #held = false // by a pointer
  turned = 0 // frames in which the view changed, for tests and the curious

  constructor(canvas) {
    this.#canvas = canvas
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true })
    this.#renderer.setPixelRatio(Math.min(2, devicePixelRatio))
    this.#renderer.shadowMap.enabled = true
    this.#renderer.shadowMap.type = PCFShadowMap
    this.#controls = new OrbitControls(this.#camera, canvas)
    Object.assign(this.#controls, { enableDamping: !this.#calm, autoRotate: !this.#calm, autoRotateSpeed: 1.4, enablePan: false })
    this.#controls.minDistance = 1.2
    this.#controls.maxDistance = 9
    this.#controls.addEventListener('start', () => { this.#controls.autoRotate = false; this.#held = true; this.#wake() })
    this.#controls.addEventListener('end', () => { this.#held = false })
    this.#controls.addEventListener('change', () => { this.turned++; this.#dirty = true; this.#wake() })
    this.#lights()
    new ResizeObserver(() => this.#fit()).observe(canvas)
    canvas.addEventListener('keydown', event => this.#key(event))
  }

  /** Show the shape at an address; resolves when it is on the canvas. */
  async show(address) {
    const file = await new GLTFLoader().loadAsync(address)
    this.clear()
    const shape = file.scene
    shape.traverse(part => { if (part.isMesh) clay(part) })
    const box = new Box3().setFromObject(shape)
    if (box.isEmpty()) throw new Error('nothing to show')
    const size = box.getSize(new Vector3())
    const scale = 2 / Math.max(size.length(), 1e-9) // the corners of the box lie on a ball of radius 1
    shape.scale.setScalar(scale)
    shape.position.copy(box.getCenter(new Vector3())).multiplyScalar(-scale)
    this.#floor.position.y = (-size.y * scale) / 2 - 0.002
    this.#shape = shape
    this.#scene.add(shape)
    const half = (this.#camera.fov / 2) * (Math.PI / 180)
    const narrow = Math.atan(Math.tan(half) * Math.min(1, this.#canvas.clientWidth / this.#canvas.clientHeight))
    this.#camera.position.set(0.48, 0.3, 0.82).setLength(1.08 / Math.sin(narrow))
    this.#controls.target.set(0, 0, 0)
    this.#controls.autoRotate = !this.#calm
    this.#fit()
    this.#wake()
  }

  /** The horizontal axis of the shape that points most towards the eye: x, z, -x or -z. Turning by itself ends. */
  get eye() {
    this.#controls.autoRotate = false
    const { x, z } = this.#camera.position
    return Math.abs(x) > Math.abs(z) ? (x > 0 ? 'x' : '-x') : (z > 0 ? 'z' : '-z')
  }

  clear() {
    if (!this.#shape) return
    this.#scene.remove(this.#shape)
    this.#shape.traverse(part => {
      part.geometry?.dispose()
      for (const material of [part.material].flat()) material?.dispose()
    })
    this.#shape = null
  }

  rest() { this.#running = false }

  #lights() {
    const sun = new DirectionalLight(0xffffff, 2.1)
    sun.position.set(2.2, 4, 2.6)
    sun.castShadow = true
    sun.shadow.mapSize.set(1024, 1024)
    Object.assign(sun.shadow.camera, { left: -2, right: 2, top: 2, bottom: -2, near: 0.5, far: 9 })
    sun.shadow.radius = 6
    sun.shadow.normalBias = 0.02
    const rim = new DirectionalLight(0xbfd0ff, 0.8)
    rim.position.set(-3, 1.5, -2.5)
    this.#floor = new Mesh(new CircleGeometry(6, 48), new ShadowMaterial({ opacity: 0.16 }))
    this.#floor.rotation.x = -Math.PI / 2
    this.#floor.receiveShadow = true
    this.#scene.add(sun, rim, new HemisphereLight(0xffffff, 0xb7b2c8, 1.1), new AmbientLight(0xffffff, 0.25), this.#floor)
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#canvas
    if (!width || !height) return
    this.#renderer.setSize(width, height, false)
    this.#camera.aspect = width / height
    this.#camera.updateProjectionMatrix()
    this.#draw()
  }

  #wake() {
    if (this.#running) return
    this.#running = true
    let [before, slow] = [0, 0]
    const step = now => {
      if (!this.#running) return
      this.#controls.update()
      const moves = this.#dirty
      if (moves) this.#draw()
      slow = before && now - before > SLOW ? slow + 1 : 0
      before = now
      if (slow > 6) { this.#ease(); slow = 0 }
      this.#running = moves || this.#controls.autoRotate || this.#held
      if (this.#running) requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
  }

  /** Ask less of a machine that cannot follow: first fewer pixels, then no turning by itself. */
  #ease() {
    if (this.#renderer.getPixelRatio() > 1) {
      this.#renderer.setPixelRatio(1)
      this.#fit()
    } else {
      this.#controls.autoRotate = false
    }
  }

  #draw() {
    this.#dirty = false
    this.#renderer.render(this.#scene, this.#camera)
  }

  #key(event) {
    const turns = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] }[event.key]
    const zoom = { '+': 0.88, '=': 0.88, '-': 1.14 }[event.key]
    if (!turns && !zoom) return
    const from = this.#camera.position
    const [distance, height] = [from.length(), Math.asin(from.y / from.length())]
    const round = Math.atan2(from.x, from.z) + (turns?.[0] ?? 0)
    const up = Math.min(1.45, Math.max(-1.45, height - (turns?.[1] ?? 0)))
    const far = Math.min(9, Math.max(1.2, distance * (zoom ?? 1)))
    from.set(Math.sin(round) * Math.cos(up), Math.sin(up), Math.cos(round) * Math.cos(up)).multiplyScalar(far)
    this.#controls.autoRotate = false
    this.#controls.update()
    this.turned++
    this.#draw()
    event.preventDefault()
    event.stopPropagation()
  }
}

/** Give a part without a material of its own the clay of the thumbnails. */
function clay(part) {
  part.castShadow = part.receiveShadow = true
  const own = [part.material].flat().some(m => m?.map || m?.vertexColors || m?.name)
  if (own) return
  if (part.geometry.attributes.position.count < SMOOTHED) part.geometry = toCreasedNormals(part.geometry, CREASE)
  part.material = new MeshStandardMaterial({ color: new Color('#d9d0c3'), roughness: 0.82, metalness: 0, side: 2 })
}
