import { TRIAL } from "../src/demo-mode.ts";

export type Keys = typeof TRIAL;

/**
 * The minimum length in characters. The master key signs values that every client sees, so it can be attacked offline.
 */
const SHORTEST = { APP_KEY: 12, MASTER_KEY: 24 };
/** The minimum number of different characters. */
const DIFFERENT = 6;

export const HOW_TO_MAKE_ONE = "openssl rand -hex 24 makes one";

/** The problems of keys for a server that strangers can reach, each a sentence; none if the keys are good enough. */
export function problemsOf(keys: Keys): string[] {
  const known = (["APP_ID", "APP_KEY", "MASTER_KEY"] as const).filter((name) => keys[name] === TRIAL[name]);
  const problems = known.length === 0 ? [] : [`${known.join(", ")} must be set to values of your own`];
  for (const name of ["APP_KEY", "MASTER_KEY"] as const) {
    const key = keys[name];
    if (key === TRIAL[name]) continue;
    if (key.length < SHORTEST[name]) {
      problems.push(`${name} must have ${SHORTEST[name]} characters or more, and has ${key.length}`);
    } else if (new Set(key).size < DIFFERENT) {
      problems.push(`${name} must not be the same few characters again and again`);
    }
    // They are lost around a header's value.
    if (/^\s|\s$|[^\x20-\x7e]/.test(key))
      problems.push(`${name} must be plain ASCII without spaces around it`);
  }
  if (keys.APP_KEY === keys.MASTER_KEY)
    problems.push("APP_KEY, which every copy of the app has, must not be MASTER_KEY");
  return problems;
}

/** Whether this is a trial: no key is the owner's own. */
export function areTrialKeys(keys: Keys): boolean {
  return (
    keys.APP_ID === TRIAL.APP_ID && keys.APP_KEY === TRIAL.APP_KEY && keys.MASTER_KEY === TRIAL.MASTER_KEY
  );
}
