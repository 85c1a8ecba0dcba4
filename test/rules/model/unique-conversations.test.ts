import { createHash } from "node:crypto";
import { vi } from "vitest";
import { comings, faults, PARTIAL, quiet, scenarioTest } from "./scenario-test.ts";

/** People start unique conversations, and members come and go. */

// Real digests take real time, which a seed cannot repeat.
vi.mock(import("../../../src/conversation/messages/ids.ts"), async (original) => ({
  ...(await original()),
  uniqueConversationId: async (...name) =>
    createHash("sha256").update(JSON.stringify(name)).digest("hex").slice(0, 24),
  uniqueIdOf: async (members) => createHash("md5").update(members.join("")).digest("hex"),
}));

const sets = [
  ["tom", "jerry"],
  ["tom", "jerry", "mary"],
  ["mary", "spike"],
];
scenarioTest("[B-03] people start unique conversations while members come and go", PARTIAL, {
  ...quiet,
  sets,
  weights: { ...quiet.weights, ...comings, join: 12, leave: 12, unique: 12 },
});
scenarioTest(
  "[B-03] [I1-I9] people start unique conversations while objects fail and calls get lost",
  PARTIAL,
  {
    ...quiet,
    sets,
    steps: 600,
    weights: { ...quiet.weights, ...comings, ...faults, join: 12, leave: 12, unique: 12 },
    messagesMode: 2,
  },
  { relayCallLost: 0.1, indexTime: 3_000 },
);
scenarioTest(
  "[I4] members learn who joined and left even if D1 is slow while objects die",
  PARTIAL,
  {
    ...quiet,
    weights: { ...quiet.weights, ...comings, join: 12, leave: 12, unique: 4, crash: 6, hibernate: 10 },
    sets,
  },
  { indexTime: 4_000 },
);
