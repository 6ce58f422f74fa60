/** The largest file that is made in a browser, which holds it until it is whole: 1 GiB. */
export const FILE_BYTES_MAX = 2 ** 30;
/** Pieces are joined each so many bytes: what is joined, the browser can keep on the disk. */
const JOIN_BYTES = 16 * 2 ** 20;

/** A file that grew beyond what a browser makes. */
export class FileTooLarge extends Error {}

/** A file that grows piece by piece. */
export class ExportFile {
  readonly #joined: Blob[] = [];
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #pieceBytes = 0;
  #bytes = 0;

  constructor(private readonly bytesMax = FILE_BYTES_MAX) {}

  /** How many bytes were added. */
  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    if (this.#bytes + piece.length > this.bytesMax) throw new FileTooLarge();
    // A copy: the piece may be a window into a larger message.
    this.#pieces.push(new Uint8Array(piece));
    this.#bytes += piece.length;
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes >= JOIN_BYTES) this.#join();
  }

  /** The parts of the file, in order. */
  parts(): Blob[] {
    this.#join();
    return [...this.#joined];
  }

  #join(): void {
    if (this.#pieces.length > 0) this.#joined.push(new Blob(this.#pieces));
    this.#pieces = [];
    this.#pieceBytes = 0;
  }
}
