// The API's description as a page. It is read from openapi.json, nothing comes from another server.

import { $, make } from './dom.js'

const EXAMPLES = {
  'post /api/search': `-H 'content-type: application/json' -d '{"strokes": [[[0, 90, 90, 0, 0], [0, 0, 60, 60, 0]]], "k": 5}'`,
}

const description = await (await fetch('openapi.json')).json()
$('about').textContent = description.info.description.replaceAll('`', '')
$('paths').replaceChildren(...Object.entries(description.paths).flatMap(([path, calls]) =>
  Object.entries(calls).map(([method, call]) => section(path, method, call))))
$('paths').firstChild?.setAttribute('open', '')

function section(path, method, call) {
  const head = make('summary', {}, make('b', {}, method.toUpperCase()), make('code', {}, path), make('span', {}, call.summary ?? ''))
  const inside = make('div', { class: 'inside' })
  const parameters = (call.parameters ?? []).map(p => [p.name, typeOf(p.schema), p.description ?? p.schema.description ?? ''])
  if (parameters.length) inside.append(make('h2', {}, 'Parameters'), table(parameters))
  for (const [kind, { schema }] of Object.entries(call.requestBody?.content ?? {})) {
    inside.append(make('h2', {}, `Body as ${kind}`), fields(schema))
  }
  for (const [status, { content, description: said }] of Object.entries(call.responses)) {
    const [kind, found] = Object.entries(content ?? {})[0] ?? []
    inside.append(make('h2', {}, `${status} ${said}${kind ? `, ${kind}` : ''}`))
    if (found?.schema && Object.keys(found.schema).length) inside.append(fields(found.schema))
  }
  const address = new URL('.', location).href + path.slice(1).replace('{id}', '1').replace('{name}', 'shape')
  const curl = ['curl', method === 'get' ? '' : `-X ${method.toUpperCase()}`, address, EXAMPLES[`${method} ${path}`] ?? '']
  inside.append(make('h2', {}, 'On the command line'), make('pre', {}, make('code', {}, curl.filter(Boolean).join(' '))))
  return make('details', { class: 'call' }, head, inside)
}

function fields(schema) {
  const whole = resolve(schema)
  const rows = Object.entries(whole.properties ?? {}).map(([name, field]) => [name, typeOf(field), field.description ?? ''])
  return rows.length ? table(rows) : make('p', { class: 'fine' }, whole.format === 'binary' ? 'The bytes of the file.' : typeOf(whole))
}

function table(rows) {
  return make('table', {}, make('tbody', {}, ...rows.map(([name, type, said]) =>
    make('tr', {}, make('td', {}, make('code', {}, name)), make('td', { class: 'fine' }, type), make('td', {}, said)))))
}

function resolve(schema) {
  return schema.$ref ? schema.$ref.split('/').slice(1).reduce((at, key) => at[key], description) : schema
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').at(-1)
  if (schema.anyOf) return schema.anyOf.map(typeOf).filter(type => type !== 'null').join(' or ')
  if (schema.type === 'array') return schema.items ? `list of ${typeOf(schema.items)}` : 'list'
  return schema.type ?? 'anything'
}
