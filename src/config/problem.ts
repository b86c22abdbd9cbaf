/** One mistake: where, what is wrong, what would be right. */
export type Mistake = { readonly at: string; readonly wrong: string; readonly expected?: string }

/** Every mistake of one configuration, in one message that a person can work down. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly mistakes: readonly Mistake[]
  constructor(path: string, given: readonly Mistake[]) {
    // What a later look says about a place that an earlier one named already is a consequence.
    const mistakes = given.filter(({ at }, index) => given.findIndex((other) => other.at === at) === index)
    const lines = mistakes.map(
      ({ at, wrong, expected }) =>
        `  ${at}: ${wrong}${expected === undefined ? '' : `; expected ${expected}`}`,
    )
    super(`the configuration is wrong (${path}):\n${lines.join('\n')}`)
    this.mistakes = mistakes
  }
}

/** `connections[0].webhookSecrets[1]` */
export function pathText(path: readonly PropertyKey[]): string {
  return (
    path
      .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`))
      .join('') || 'the file'
  )
}
