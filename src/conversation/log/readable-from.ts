/**
 * The time (ms) from which the messages of a log may be read: older ones are gone for everybody, whether their rows are
 * deleted already or not. 0 where messages are kept for ever.
 */
export class ReadableFrom {
  #of: () => number = () => 0;

  /** @param of is asked at every reading, since the time goes on */
  follow(of: () => number): void {
    this.#of = of;
  }

  get time(): number {
    return this.#of();
  }
}
