import { openEmbedded } from '../../../src/store/embedded/index.ts'

// Opens the server of a folder, says where it is, and stays until it is told to leave or is killed.
const embedded = await openEmbedded({ dataDir: process.argv[2]!, isDurable: false })
process.stdout.write(`${JSON.stringify({ url: embedded.url, wasRunning: embedded.wasRunning })}\n`)
process.stdin.once('data', async () => {
  await embedded.close()
  process.exit(0)
})
