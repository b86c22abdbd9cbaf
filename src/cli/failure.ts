/** A command that did not do what it was asked; the message is for its user, and the exit status is 1. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

/** A command line that could not have worked anywhere; the exit status is 2. */
export class Misuse extends Error {
  override readonly name = 'Misuse'
}
