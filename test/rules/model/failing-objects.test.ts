import { comings, FULL, faults, members, PARTIAL, quiet, scenarioTest } from "./scenario-test.ts";

/** Everything happens while objects fail. */

scenarioTest("[I1-I9] objects hibernate, fail and die", FULL, {
  ...quiet,
  weights: { ...quiet.weights, ...comings, ...members, ...faults, will: 3 },
  messagesMode: 2,
  tags: true,
});
scenarioTest(
  "[I1-I9] everything happens at once with few subscriptions while calls get lost",
  FULL,
  {
    ...quiet,
    subscriptionLimit: 2,
    steps: 600,
    weights: { ...quiet.weights, ...comings, ...members, ...faults, will: 3 },
    messagesMode: 2,
    tags: true,
  },
  { relayCallLost: 0.1 },
);
scenarioTest(
  "[I1-I9] hooks take time while objects fail",
  PARTIAL,
  {
    ...quiet,
    weights: { ...quiet.weights, ...comings, ...members, ...faults },
    messagesMode: 2,
  },
  { hookTime: 3_000 },
);
