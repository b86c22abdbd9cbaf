import bidiFactory, { type Bidi } from 'bidi-js'

// Its types describe a module, what it is is CommonJS whose one export is the function.
const bidi = (bidiFactory as unknown as () => Bidi)()

// Hebrew, Arabic, Syriac, Thaana, N'Ko and the presentation forms of the first two.
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/

/** True where some of it is read from right to left. */
export function turnsAround(text: string): boolean {
  return rightToLeft.test(text)
}

/**
 * One line in pieces, from left to right as they stand on paper, each to be set by itself: the PDF writer sets words in
 * the order of the text, and turns the letters of a word by its first alphabet, figures and brackets included. By
 * Unicode's bidirectional algorithm, in a line that begins on the left.
 */
export function inReadingOrder(line: string): string[] {
  const embedding = bidi.getEmbeddingLevels(line, 'ltr')
  const mirrored = bidi.getMirroredCharactersMap(line, embedding.levels)
  const runs: Run[] = []
  for (const [index, character] of line.split('').entries()) {
    const level = embedding.levels[index]!
    const last = runs.at(-1)
    if (last !== undefined && last.level === level) last.text += mirrored.get(index) ?? character
    else runs.push({ level, text: mirrored.get(index) ?? character })
  }
  const highest = Math.max(0, ...runs.map((run) => run.level))
  let ordered: readonly Run[] = runs
  for (let level = highest; level >= 1; level -= 1) ordered = turnedFrom(level, ordered)
  return ordered.flatMap(piecesOf)
}

type Run = { readonly level: number; text: string }

/** With each stretch of runs of this level or above the other way round. */
function turnedFrom(level: number, runs: readonly Run[]): readonly Run[] {
  const turned: Run[] = []
  let stretch: Run[] = []
  for (const run of runs) {
    if (run.level >= level) {
      stretch.unshift(run)
      continue
    }
    turned.push(...stretch, run)
    stretch = []
  }
  return [...turned, ...stretch]
}

function piecesOf({ level, text }: Run): string[] {
  if (level % 2 === 1) return text.split(/( )/).reverse()
  // Eastern figures stand from left to right, but the PDF writer takes them for letters and turns them.
  return [turnsAround(text) ? [...text].reverse().join('') : text]
}
