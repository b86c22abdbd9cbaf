import { inflateSync } from 'node:zlib'

/**
 * The text of a PDF that embeds its fonts, in the order in which it was written: one line for each piece of text that was
 * set. Right-to-left words come glyph by glyph from left to right, as they stand on paper.
 */
export function textOf(pdf: Buffer): string[] {
  const streams = streamsOf(pdf)
  const glyphs = new Map(streams.filter((stream) => stream.includes('begincmap')).flatMap(glyphsOf))
  const pages = streams.filter((stream) => / Tf|TJ/.test(stream) && !stream.includes('begincmap'))
  return pages.flatMap((page) =>
    [...page.matchAll(/\[([^\]]*)\] TJ/g)].map(([, pieces]) =>
      [...pieces!.matchAll(/<([0-9a-f]+)>/gi)].map(([, hex]) => decoded(hex!, glyphs)).join(''),
    ),
  )
}

export function pagesOf(pdf: Buffer): number {
  return [...pdf.toString('latin1').matchAll(/\/Type \/Page\b(?!s)/g)].length
}

function streamsOf(pdf: Buffer): string[] {
  const text = pdf.toString('latin1')
  return [...text.matchAll(/stream\r?\n/g)].flatMap((match) => {
    if (text.slice(match.index - 3, match.index) === 'end') return []
    const start = match.index + match[0].length
    const bytes = pdf.subarray(start, text.indexOf('endstream', start))
    try {
      return [inflateSync(bytes).toString('latin1')]
    } catch {
      return []
    }
  })
}

/** Of a ToUnicode map whose ranges list a text for each glyph. */
function glyphsOf(cmap: string): [number, string][] {
  return [...cmap.matchAll(/<([0-9a-f]+)> <[0-9a-f]+> \[([^\]]*)\]/gi)].flatMap(([, first, list]) =>
    [...list!.matchAll(/<([0-9a-f ]*)>/gi)].map(([, hex], index): [number, string] => [
      Number.parseInt(first!, 16) + index,
      Buffer.from(hex!.replaceAll(' ', ''), 'hex').swap16().toString('utf16le'),
    ]),
  )
}

function decoded(hex: string, glyphs: ReadonlyMap<number, string>): string {
  const codes = hex.match(/.{4}/g) ?? []
  return codes.map((code) => glyphs.get(Number.parseInt(code, 16)) ?? '\ufffd').join('')
}
