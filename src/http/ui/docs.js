// Shows openapi.json for reading: one fold-out an operation. Everything is set as text.

const view = document.getElementById('view')

function element(name, options = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(options)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

function shapeOf(schema, document, depth = 0) {
  if (schema === undefined) return 'anything'
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1)
    return depth > 3 ? name : shapeOf(document.components.schemas[name], document, depth + 1)
  }
  if (schema.anyOf !== undefined)
    return schema.anyOf.map((part) => shapeOf(part, document, depth)).join(' | ')
  if (schema.enum !== undefined) return schema.enum.join(' | ')
  if (schema.type === 'array') return `[${shapeOf(schema.items, document, depth)}]`
  if (schema.properties === undefined) return schema.format ?? schema.type ?? 'anything'
  const indent = '  '.repeat(depth + 1)
  const lines = Object.entries(schema.properties).map(
    ([name, part]) => `${indent}${name}: ${shapeOf(part, document, depth + 1)}`,
  )
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`
}

function operation(document, path, method, details) {
  const parameters = (details.parameters ?? []).map((parameter) =>
    element(
      'li',
      {},
      element('code', {}, parameter.name),
      ` (${parameter.in}${parameter.required ? ', required' : ''}) ${parameter.description ?? parameter.schema?.description ?? shapeOf(parameter.schema, document)}`,
    ),
  )
  const body = details.requestBody?.content?.['application/json']?.schema
  const answers = Object.entries(details.responses).map(([status, response]) => {
    const schema = response.content?.['application/json']?.schema
    return element(
      'div',
      {},
      element('p', {}, `${status} · ${response.description}`),
      ...(schema === undefined ? [] : [element('pre', {}, shapeOf(schema, document))]),
    )
  })
  return element(
    'details',
    { class: 'card operation' },
    element(
      'summary',
      {},
      element('span', { class: 'method' }, method.toUpperCase()),
      element('code', {}, path),
      ` ${details.summary}`,
    ),
    element('p', { class: 'quiet-text' }, `Role: ${details['x-role']}`),
    ...(parameters.length === 0 ? [] : [element('ul', {}, ...parameters)]),
    ...(body === undefined ? [] : [element('h2', {}, 'Body'), element('pre', {}, shapeOf(body, document))]),
    element('h2', {}, 'Answers'),
    ...answers,
  )
}

const document_ = await (await fetch('/api/v1/openapi.json')).json()
const byTag = new Map()
for (const [path, methods] of Object.entries(document_.paths)) {
  for (const [method, details] of Object.entries(methods)) {
    const tag = details.tags[0]
    byTag.set(tag, [...(byTag.get(tag) ?? []), operation(document_, path, method, details)])
  }
}
view.append(
  element('h1', {}, `${document_.info.title} ${document_.info.version}`),
  element(
    'p',
    {},
    'Send a key as ',
    element('code', {}, 'Authorization: Bearer KEY'),
    ' to ',
    element('code', {}, '/api/v1'),
    '. Errors are RFC 9457 problems with a stable code.',
  ),
)
for (const [tag, operations] of byTag) view.append(element('h2', {}, tag), ...operations)
