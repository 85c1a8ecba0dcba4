import { type Progress, plain } from "../moving/progress.ts";
import type { DifferenceCount } from "../moving/report-body.ts";

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
/** Ids that are kept of each kind and reason. */
const IDS_MAX = 20;

/** The differences found so far, told as they are found. */
export class Differences {
  readonly #progress: Progress;
  readonly #isJson: boolean;
  readonly #counts = new Map<string, DifferenceCount & { ids: string[] }>();
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
    const known = this.#counts.get(key) ?? { what, why, count: 0, isExpected, ids: [] };
    known.count += 1;
    // Messages of a conversation that is not here are told one by one.
    if (known.ids.length < IDS_MAX && known.ids.at(-1) !== id) known.ids.push(id);
    this.#counts.set(key, known);
    if (!isExpected) this.#unexpected += 1;
    if (this.#isJson) return this.#progress.finish("difference", difference, "");
    if (isExpected || this.#told >= TOLD_MAX) return;
    this.#told += 1;
    this.#progress.say(`${what} ${id}: ${why}`);
  }

  /** By kind and reason, with counts, and ids of some. */
  summary(): DifferenceCount[] {
    return [...this.#counts.values()];
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
