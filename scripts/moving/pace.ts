/** How long everything may take. Tests go faster. */
export interface Pace {
  /** Each pause is multiplied by it. */
  scale: number;
  /** Of one call, in milliseconds. */
  deadline: number;
  /** How long a call may fail in a row before the command gives up, in milliseconds, pauses included. */
  patience: number;
}

const usual: Pace = { scale: 1, deadline: 120_000, patience: 3_600_000 };

/** Tests go faster: `PARLEY_TEST_PACE=<factor of pauses>,<ms for a call>,<ms of failures>`. */
export function paceOf({ PARLEY_TEST_PACE }: NodeJS.ProcessEnv): Pace {
  if (!PARLEY_TEST_PACE) return usual;
  const [scale = 1, deadline = 1, patience = 1] = PARLEY_TEST_PACE.split(",").map(Number);
  return { scale, deadline, patience };
}
