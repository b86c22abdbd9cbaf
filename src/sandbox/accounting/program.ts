export type Asked = {
  readonly method: string
  readonly url: URL
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly body: string
}

export type Told = {
  readonly status: number
  readonly json: object
  readonly headers?: { readonly [name: string]: string }
}

/** A journal as it stands in the program: sums by their account, in their words. */
export type Journal = {
  readonly id: string
  readonly name: string
  readonly body: { readonly [field: string]: unknown }
}

/** What a program makes of a call that it lets in; undefined for a path that it does not have. */
export type Program = {
  readonly tokenPath: string
  answer(asked: Asked, journals: Journal[]): Told | undefined
}
