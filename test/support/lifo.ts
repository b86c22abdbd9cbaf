import type { TestContext } from 'node:test'

/** A context whose `after` hooks run in reverse, as what was opened last must be closed first. */
export function lifo(t: TestContext): TestContext {
  const hooks: (() => unknown)[] = []
  t.after(async () => {
    for (const hook of hooks.reverse()) await hook()
  })
  return Object.assign(Object.create(t), { after: (hook: () => unknown) => void hooks.push(hook) })
}
