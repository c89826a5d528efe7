// What the page takes from three.js. After a change: npm install --no-package-lock && npm run build
export {
  AmbientLight, Box3, CircleGeometry, Color, DirectionalLight, HemisphereLight, Mesh, MeshStandardMaterial,
  PerspectiveCamera, PCFShadowMap, Scene, ShadowMaterial, Vector3, WebGLRenderer,
} from 'three'
export { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js'
export { OrbitControls } from 'three/addons/controls/OrbitControls.js'
export { toCreasedNormals } from 'three/addons/utils/BufferGeometryUtils.js'
