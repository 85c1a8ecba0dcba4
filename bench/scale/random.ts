/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function randomBy(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Log-normal numbers with mean 1. */
export function logNormal(random: () => number, sigma: number): () => number {
  const shift = -(sigma ** 2) / 2;
  let spare: number | undefined;
  return () => {
    let normal = spare;
    if (normal === undefined) {
      // Box and Muller's two at a time.
      const radius = Math.sqrt(-2 * Math.log(1 - random()));
      const angle = 2 * Math.PI * random();
      normal = radius * Math.cos(angle);
      spare = radius * Math.sin(angle);
    } else spare = undefined;
    return Math.exp(shift + sigma * normal);
  };
}

/** Whole numbers by Zipf's law: each as often as its power says. */
export function zipf(random: () => number, least: number, most: number, exponent: number) {
  const sums: number[] = [];
  let sum = 0;
  let weighted = 0;
  for (let value = least; value <= most; value++) {
    sum += value ** -exponent;
    weighted += value * value ** -exponent;
    sums.push(sum);
  }
  const draw = (): number => {
    const wanted = random() * sum;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return least + low;
  };
  return { draw, mean: weighted / sum };
}
