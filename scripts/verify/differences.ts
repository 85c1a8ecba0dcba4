import { type Progress, plain } from "../moving/progress.ts";

/** Something that the two sides do not have alike. */
export interface Difference {
  /** Such as `messages` or `classes/_User`. */
  what: string;
  /** Of the row, or of the conversation and the message. */
  id: string;
  why: string;
  /** Whether it is as it should be: a limit of this server, or something that happened since. */
  isExpected: boolean;
}

/** As many are told one by one; all of them with `--json`. */
const TOLD_MAX = 50;

/** The differences found so far, told as they are found. */
export class Differences {
  readonly #progress: Progress;
  readonly #isJson: boolean;
  readonly #counts = new Map<string, { difference: Difference; count: number }>();
  #told = 0;
  #unexpected = 0;

  constructor(progress: Progress, isJson: boolean) {
    this.#progress = progress;
    this.#isJson = isJson;
  }

  get unexpected(): number {
    return this.#unexpected;
  }

  add(difference: Difference): void {
    const { what, id, why, isExpected } = difference;
    const key = `${what}\n${why}`;
    const known = this.#counts.get(key);
    this.#counts.set(key, { difference, count: (known?.count ?? 0) + 1 });
    if (!isExpected) this.#unexpected += 1;
    if (this.#isJson) return this.#progress.finish("difference", difference, "");
    if (isExpected || this.#told >= TOLD_MAX) return;
    this.#told += 1;
    this.#progress.say(`${what} ${id}: ${why}`);
  }

  /** By kind and reason, with counts. */
  summary(): { what: string; why: string; count: number; isExpected: boolean }[] {
    return [...this.#counts.values()].map(({ difference: { what, why, isExpected }, count }) => {
      return { what, why, count, isExpected };
    });
  }

  text(): string {
    const all = this.summary();
    const lines = (isExpected: boolean) =>
      all
        .filter((each) => each.isExpected === isExpected)
        .map(({ what, why, count }) => `  ${what} (${plain(count)}): ${why}`);
    const [wrong, expected] = [lines(false), lines(true)];
    return [
      wrong.length === 0 ? "Nothing is missing, and nothing differs." : "There are differences:",
      ...wrong,
      ...(expected.length === 0 ? [] : ["As it should be:", ...expected]),
    ].join("\n");
  }
}
