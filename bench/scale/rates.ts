/** Rates of many objects (a second): their number, mean, 99.9th percentile and the highest, in little memory. */
export class Rates {
  objects = 0;
  busiest = 0;
  #sum = 0;
  /** By size: each step is 2 % more than the one before. */
  readonly #steps = new Map<number, number>();

  add(rate: number): void {
    this.objects += 1;
    this.#sum += rate;
    if (rate > this.busiest) this.busiest = rate;
    const step = Math.ceil(Math.log(rate) / STEP);
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1);
  }

  get all(): number {
    return this.#sum;
  }

  get mean(): number {
    return this.objects === 0 ? 0 : this.#sum / this.objects;
  }

  /** The rate that one object in a thousand is above, within 2 %. */
  get highest999(): number {
    let above = 0;
    for (const [step, count] of [...this.#steps].sort(([one], [other]) => other - one)) {
      above += count;
      if (above > this.objects / 1_000) return Math.min(this.busiest, Math.exp(step * STEP));
    }
    return this.busiest;
  }
}

const STEP = Math.log(1.02);
