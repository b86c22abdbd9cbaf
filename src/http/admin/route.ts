import type { Request } from 'express'
import type * as z from 'zod'
import type { System } from '../../pipeline/system.ts'
import type { Actor, Role } from '../auth.ts'

/** What a handler is given: everything checked already. */
export type Call<Query, Body> = {
  readonly system: System
  readonly actor: Actor
  readonly address: string
  readonly params: { readonly [name: string]: string }
  readonly query: Query
  readonly body: Body
}

/** JSON unless `type` says otherwise; a stream is sent piece by piece and never held whole. */
export type Answer =
  | { readonly status: number; readonly json: object }
  | {
      readonly status: number
      readonly type: string
      readonly bytes: Uint8Array
      readonly headers?: { readonly [name: string]: string }
    }
  | {
      readonly status: number
      readonly type: string
      readonly pieces: AsyncIterable<string>
      readonly headers?: { readonly [name: string]: string }
    }

/** One operation: what it asks for, who may call it, what it answers. The router and openapi.json both read this. */
export type Route = {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  readonly path: string // as OpenAPI writes it: /orders/{id}
  readonly role: Role
  readonly tag: string
  readonly summary: string
  readonly query: z.ZodType | undefined
  readonly body: z.ZodType | undefined
  readonly answers: { readonly [status: number]: z.ZodType | string } // a string is a content type other than JSON
  /** Reads of raw or personal data are in the audit log as writes are. */
  readonly isAudited: boolean
  /** Concerns all connections together: a key that is limited to some may not. */
  readonly isForAll: boolean
  handle(call: Call<never, never>): Promise<Answer>
}

type Shape<Query extends z.ZodType, Body extends z.ZodType> = {
  method: Route['method']
  path: string
  role: Role
  tag: string
  summary: string
  query?: Query
  body?: Body
  answers: Route['answers']
  isAudited?: boolean
  isForAll?: boolean
  handle(call: Call<z.output<Query>, z.output<Body>>): Promise<Answer>
}

export function route<Query extends z.ZodType = z.ZodUndefined, Body extends z.ZodType = z.ZodUndefined>(
  shape: Shape<Query, Body>,
): Route {
  return {
    ...shape,
    query: shape.query,
    body: shape.body,
    isAudited: shape.isAudited ?? shape.method !== 'get',
    isForAll: shape.isForAll ?? false,
    handle: shape.handle as Route['handle'],
  }
}

export function ok(json: object): Answer {
  return { status: 200, json }
}

/** `/orders/{id}` as express writes it. */
export function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

/** The address that asks, after the hops that `security.trustProxy` counts. */
export function addressOf(request: Request): string {
  return request.ip ?? 'unknown'
}
