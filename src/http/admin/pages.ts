import { readFile } from 'node:fs/promises'
import express from 'express'
import { packageFile } from '../../package-root.ts'
import { problems, Problem } from '../problem.ts'

const files: { readonly [path: string]: readonly [file: string, type: string] } = {
  '/admin': ['src/http/ui/admin.html', 'text/html; charset=utf-8'],
  '/admin/admin.js': ['src/http/ui/admin.js', 'text/javascript; charset=utf-8'],
  '/admin/dom.js': ['src/http/ui/dom.js', 'text/javascript; charset=utf-8'],
  '/admin/event.js': ['src/http/ui/event.js', 'text/javascript; charset=utf-8'],
  '/admin/order.js': ['src/http/ui/order.js', 'text/javascript; charset=utf-8'],
  '/admin/style.css': ['src/http/ui/style.css', 'text/css; charset=utf-8'],
  '/docs': ['src/http/ui/docs.html', 'text/html; charset=utf-8'],
  '/docs/docs.js': ['src/http/ui/docs.js', 'text/javascript; charset=utf-8'],
}

/**
 * The pages for people: /admin, /docs, and one for each problem. They hold nothing: what they show they ask the
 * API for, and the app's headers let them run no inline code, so what a buyer typed can be shown and never runs.
 */
export function createPageRouter(): express.Router {
  const router = express.Router()
  for (const [path, [file, type]] of Object.entries(files)) {
    router.get(path, async (_request, response) => {
      send(response, type, await readFile(packageFile(file)))
    })
  }
  // What messages link to: addresses that stay, wherever the page shows it.
  router.get(['/admin/orders/:id', '/admin/events/:id'], (request, response) => {
    response.redirect(302, `/admin#${request.path.slice('/admin'.length)}`)
  })
  router.get('/docs/problems/:code', async (request, response) => {
    const { code } = request.params
    // Only names from the list reach the file system.
    if (!Object.hasOwn(problems, code)) throw new Problem('not_found')
    send(response, 'text/plain; charset=utf-8', await readFile(packageFile(`docs/problems/${code}.md`)))
  })
  return router
}

function send(response: express.Response, type: string, body: Buffer): void {
  response.set({ 'Content-Type': type, 'Cache-Control': 'no-store' })
  response.send(body)
}
