import { comings, faults, members, PARTIAL, quiet, scenarioTest } from "./scenario-test.ts";

/** Roles, silences and blacklists, while people talk, come and go, and objects die. */

const permissions = { role: 8, silence: 10, unsilence: 6, block: 4, unblock: 8 };
const weights = { ...quiet.weights, ...members, ...permissions, join: 12 };

scenarioTest("[I14] people give roles, silence and block each other", PARTIAL, {
  ...quiet,
  permissions: true,
  weights,
});
scenarioTest("[I14] [I7] silenced people hand over wills, and devices come and go", PARTIAL, {
  ...quiet,
  permissions: true,
  weights: { ...weights, ...comings, will: 6 },
});
scenarioTest(
  "[I14] [I11] objects die while roles change, and calls are lost",
  PARTIAL,
  {
    ...quiet,
    permissions: true,
    weights: { ...weights, ...comings, ...faults },
  },
  { relayCallLost: 0.05, indexTime: 200 },
);
scenarioTest(
  "[I14] a hook takes its time before messages, removals and blocks",
  PARTIAL,
  {
    ...quiet,
    permissions: true,
    weights: { ...weights, ...comings },
  },
  { hookTime: 400 },
);
