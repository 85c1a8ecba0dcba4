import { comings, members, PARTIAL, quiet, scenarioTest } from "./scenario-test.ts";

/** People use devices that come and go. */

scenarioTest("[I1] [I2] [I5] people talk, edit, recall and read", PARTIAL, quiet);
scenarioTest("[I4] [I5] devices come and go", PARTIAL, {
  ...quiet,
  weights: { ...quiet.weights, ...comings },
});
scenarioTest("[I4] people join and leave", PARTIAL, {
  ...quiet,
  weights: { ...quiet.weights, ...comings, ...members },
});
scenarioTest("[Y-02] [Y-06] some devices are sent the messages they missed", PARTIAL, {
  ...quiet,
  messagesMode: 4,
  weights: { ...quiet.weights, ...comings },
});
scenarioTest("[I6] [I7] devices use tags and wills", PARTIAL, {
  ...quiet,
  tags: true,
  weights: { ...quiet.weights, ...comings, will: 6, login: 8 },
});
scenarioTest("[I4] [I6] [I7] devices freeze, count as lost, and come back", PARTIAL, {
  ...quiet,
  tags: true,
  weights: { ...quiet.weights, ...comings, will: 4, login: 6, freeze: 4, thaw: 4, wait: 20 },
});
scenarioTest("[I4] [I7] gateways and objects die: a device that is back in time was never away", PARTIAL, {
  ...quiet,
  messagesMode: 2,
  weights: {
    ...quiet.weights,
    ...members,
    hibernate: 6,
    die: 6,
    restart: 1,
    crash: 1,
    will: 5,
    reconnect: 14,
  },
});
