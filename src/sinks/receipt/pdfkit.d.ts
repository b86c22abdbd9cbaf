/** The part of pdfkit that is used here; the package brings no types of its own. */
declare module 'pdfkit' {
  import type { Readable } from 'node:stream'

  export type TextOptions = {
    width?: number
    align?: 'left' | 'center' | 'right'
    lineBreak?: boolean
    ellipsis?: boolean
    height?: number
  }

  interface PDFDocument extends Readable {
    readonly page: { width: number; height: number; margins: { left: number; right: number; bottom: number } }
    x: number
    y: number
    font(source: string | Uint8Array): this
    fontSize(size: number): this
    text(text: string, x?: number, y?: number, options?: TextOptions): this
    text(text: string, options?: TextOptions): this
    widthOfString(text: string): number
    heightOfString(text: string, options?: TextOptions): number
    moveDown(lines?: number): this
    image(source: Uint8Array, x: number, y: number, options: { fit: [number, number] }): this
    addPage(): this
    end(): void
  }

  const Document: new (options: {
    size: string
    margin: number
    info: { Title: string; CreationDate: Date; Producer: string; Creator: string }
    lang: string
    font: string
  }) => PDFDocument
  export default Document
}
