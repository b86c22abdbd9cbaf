// Plain JavaScript that an old Node can parse, so that the reader gets a sentence and not a syntax error.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `ordersync needs Node.js 24 or newer; this is ${process.version}. Run "npm ci" with optional packages, then "npm test".`,
  )
  process.exit(1)
}
