import type { Network } from "./network.ts";

/** What may go wrong; probabilities are per call. */
export interface Faults {
  relayCallLost: number;
  /** The longest time the app's hooks take (ms); with hooks on, they are asked about what devices send. */
  hookTime: number;
  /** The longest time a request to D1 takes (ms), and its answer the same again. */
  indexTime?: number;
}

export type Fate = "fine" | "request lost" | "answer lost";

/** The outcome of a call that gets lost with this probability, on its way or on the way back. */
export function fateOf(network: Network, lost: number): () => Fate {
  return () => {
    if (!network.chance(lost)) return "fine";
    return network.chance(0.5) ? "request lost" : "answer lost";
  };
}

export function randomDelay(network: Network, longest: number): Promise<void> {
  if (longest === 0) return Promise.resolve();
  return new Promise((resolve) => void network.timer(network.random(longest + 1), resolve));
}
