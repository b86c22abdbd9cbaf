import * as z from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { packageVersion } from '../../package-root.ts'
import type { Route } from './route.ts'
import { routes } from './routes.ts'

const ProblemShape = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string().optional(),
  })
  .meta({ id: 'Problem' })

let document: object | undefined

/** The description of the whole API, made of the same table that serves it. */
export function openapiDocument(): object {
  document ??= createDocument({
    openapi: '3.1.0',
    info: {
      title: 'ordersync',
      version: packageVersion(),
      description: "Keeps an online store's orders true, from payment to fulfillment.",
    },
    servers: [{ url: '/api/v1' }],
    security: [{ key: [] }],
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    paths: pathsOf(routes),
  })
  return document
}

function pathsOf(all: readonly Route[]): ZodOpenApiPathsObject {
  const paths: { [path: string]: { [method: string]: ZodOpenApiOperationObject } } = {}
  for (const route of all) {
    paths[route.path] ??= {}
    paths[route.path]![route.method] = operationOf(route)
  }
  return paths
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)
  const isWrite = route.method !== 'get'
  const header = z.object({
    'Idempotency-Key': z
      .string()
      .optional()
      .meta({ description: 'The same key gets the same answer, for 30 days' }),
  })
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    'x-role': route.role,
    requestParams: {
      ...(names.length === 0
        ? {}
        : { path: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) }),
      ...(route.query === undefined ? {} : { query: route.query as z.ZodObject }),
      ...(isWrite ? { header } : {}),
    },
    ...(route.body === undefined
      ? {}
      : { requestBody: { content: { 'application/json': { schema: route.body } } } }),
    responses: responsesOf(route, isWrite),
  } as ZodOpenApiOperationObject
}

function operationId({ method, path }: Route): string {
  const words = path.replaceAll(/[{}]/g, '').split(/[/_-]/).filter(Boolean)
  return method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}

function responsesOf(route: Route, isWrite: boolean): ZodOpenApiOperationObject['responses'] {
  const responses: { [status: `${1 | 2 | 3 | 4 | 5}${string}`]: object } = {}
  for (const [status, shape] of Object.entries(route.answers)) {
    const content = typeof shape === 'string' ? { [shape]: {} } : { 'application/json': { schema: shape } }
    responses[status as '200'] = { description: 'Done', content }
  }
  const problem = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: ProblemShape } },
  })
  responses['400'] = problem('The request is not valid')
  responses['401'] = problem('A valid API key is required')
  responses['403'] = problem('The key does not allow this')
  if (route.path.includes('{')) responses['404'] = problem('There is no such thing')
  if (isWrite) {
    responses['409'] = problem(
      'The first request with this Idempotency-Key is under way, or the present state does not allow this',
    )
    responses['422'] = problem('This Idempotency-Key was used with another request')
  }
  return responses as ZodOpenApiOperationObject['responses']
}
