/** What was written to a user's socket. */
export interface Written {
  frames: number;
  bytes: number;
  /** Bytes of frames whose reading the device shows in no way, among those. */
  unconfirmed: number;
}

/**
 * Sums up what is written to a user's socket while one event is handled, and reports it at the end of that: many frames
 * are written at once, and counting each costs more than a tenth of delivering it.
 */
export class WrittenFrames {
  readonly #report: (written: Written) => void;
  #written: Written | undefined;

  constructor(report: (written: Written) => void) {
    this.#report = report;
  }

  add(bytes: number, isUnconfirmed: boolean): void {
    this.#written ??= this.#begin();
    this.#written.frames += 1;
    this.#written.bytes += bytes;
    if (isUnconfirmed) this.#written.unconfirmed += bytes;
  }

  #begin(): Written {
    const written = { frames: 0, bytes: 0, unconfirmed: 0 };
    queueMicrotask(() => {
      this.#written = undefined;
      this.#report(written);
    });
    return written;
  }
}
