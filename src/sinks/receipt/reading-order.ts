// Hebrew, Arabic, Syriac, Thaana, N'Ko and the presentation forms of the first two.
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/

/** True where some word of it is read from right to left. */
export function turnsAround(text: string): boolean {
  return rightToLeft.test(text)
}

/**
 * Words of one line in the order in which they stand on paper: runs of right-to-left words are turned. The letters within a
 * word are turned by whoever sets it.
 */
export function inReadingOrder(words: readonly string[]): string[] {
  const turned: string[] = []
  for (let i = 0; i < words.length; ) {
    let end = i
    while (end < words.length && turnsAround(words[end]!)) end += 1
    if (end === i) turned.push(words[i++]!)
    else {
      turned.push(...words.slice(i, end).reverse())
      i = end
    }
  }
  return turned
}
