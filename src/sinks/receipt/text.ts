import type { Look } from './look.ts'
import type { Notice } from './notice.ts'

/** The notice as plain text, for every reader that shows no HTML. */
export function textOf(notice: Notice, { shop }: Look): string {
  const lines = notice.lines.map(
    (line) => `${line.quantity} × ${line.title}${line.amount === undefined ? '' : `  ${line.amount}`}`,
  )
  const sums = notice.sums.map((sum) => `${sum.label}: ${sum.amount}`)
  return [
    notice.greeting,
    '',
    notice.opening,
    '',
    ...lines,
    ...(lines.length > 0 ? [''] : []),
    ...sums,
    '',
    notice.closing,
    '',
    ...(shop === undefined ? [] : ['--', shop.name, ...shop.address, '']),
  ].join('\n')
}

/** The notice as HTML. No style sheet or link, and no image but the mail's own: nothing is fetched, and nothing of the buyer's text is markup. */
export function htmlOf(notice: Notice, look: Look): string {
  const rows = [
    ...notice.lines.map((line) => row(`${line.quantity} × ${line.title}`, line.amount ?? '')),
    ...notice.sums.map((sum) => row(sum.label, sum.amount)),
  ]
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><title>',
    escaped(notice.subject),
    '</title></head><body>',
    ...logo(look),
    `<p>${escaped(notice.greeting)}</p><p>${escaped(notice.opening)}</p>`,
    `<table>${rows.join('')}</table>`,
    `<p>${escaped(notice.closing)}</p>`,
    ...address(look),
    '</body></html>',
  ].join('\n')
}

function logo({ shop }: Look): string[] {
  return shop?.logo === undefined
    ? []
    : [`<p><img src="cid:logo" alt="${escaped(shop.name)}" height="60"></p>`]
}

function address({ shop }: Look): string[] {
  return shop === undefined ? [] : [`<p>${[shop.name, ...shop.address].map(escaped).join('<br>')}</p>`]
}

function row(label: string, amount: string): string {
  return `<tr><td>${escaped(label)}</td><td align="right" style="white-space:nowrap">${escaped(amount)}</td></tr>`
}

const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities.get(character)!)
}
