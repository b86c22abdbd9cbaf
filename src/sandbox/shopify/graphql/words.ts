import type { GraphQLError } from 'graphql'

/** What the library says, what the shop says instead, and the shop's code for it; named groups go beside the code. */
const words: readonly (readonly [theirs: RegExp, ours: string, code?: string])[] = [
  [/^Syntax Error: |^(?=Must provide operation name)/, 'syntax error, '],
  [/^The (\w+) operation is not supported.*/, 'syntax error, unexpected "$1"'],
  [
    /^Cannot query field "(?<fieldName>\w+)" on type "(?<typeName>\w+)".*/,
    "Field '$<fieldName>' doesn't exist on type '$<typeName>'",
    'undefinedField',
  ],
  [
    /^Unknown argument "(?<argumentName>\w+)" on field "\w+\.(?<name>\w+)".*/,
    "Field '$<name>' doesn't accept argument '$<argumentName>'",
    'argumentNotAccepted',
  ],
  [
    /^Argument "\w+\.(?<name>\w+)\((?<arguments>\w+):\)" of type .* is required.*/,
    "Field '$<name>' is missing required arguments: $<arguments>",
    'missingRequiredArguments',
  ],
  [
    /^Field "(\w+)" (?:of type|must not have a selection since type) "\[?(\w+).*/,
    "Field must have selections (field '$1' returns $2)",
  ],
  [
    /^Variable "\$(?<variableName>\w+)" is not defined.*/,
    'Variable $$$<variableName> is used but not declared',
    'variableNotDefined',
  ],
  [
    /^Variable "(.+?)" has invalid value(?: at ([^:]+))?: .* of non-null type .*/,
    'Variable $1$2 was provided invalid value (Expected value to not be null)',
    'INVALID_VARIABLE',
  ],
  [
    /^Variable "(.+?)" has invalid value(?: at ([^:]+))?: .* type "(\w+)" not to include unknown field "(\w+)".*/,
    'Variable $1$2 was provided invalid value (Field is not defined on $3: $4)',
    'INVALID_VARIABLE',
  ],
  [
    /^Variable "(.+?)" has invalid value(?: at ([^:]+))?: (.*)/,
    'Variable $1$2 was provided invalid value ($3)',
    'INVALID_VARIABLE',
  ],
]

/** An entry of `errors` as the shop writes it; what has no row above keeps its words. */
export function errorOf({ message, extensions }: GraphQLError): object {
  const known = words.find(([theirs]) => theirs.test(message))
  if (known === undefined) return { message, ...(extensions.code !== undefined && { extensions }) }
  const [theirs, ours, code] = known
  return {
    message: message.replace(theirs, ours),
    ...(code !== undefined && { extensions: { code, ...theirs.exec(message)?.groups } }),
  }
}
