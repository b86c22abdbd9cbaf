import { Command, InvalidArgumentError } from 'commander'

/** A command with what every one has: `--help`, `--json`, and a word for wrong usage. */
export function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--json', 'print JSON instead of words')
    .exitOverride()
}

/** A command that is only a name for those below it; without one of them it is wrong usage. */
export function group(name: string, description: string, ...commands: readonly Command[]): Command {
  const made = new Command(name).description(description).exitOverride()
  for (const one of commands) made.addCommand(one)
  return made
}

export function count(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

/** A time as people write it, in the form that the API takes. */
export function time(text: string): string {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('expected a time such as 2026-11-01T00:00:00Z')
  return at.toISOString()
}

export type JsonOption = { readonly json?: boolean }
