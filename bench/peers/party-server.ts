import { fileURLToPath } from "node:url";
import { echoContender } from "../bare-room.ts";
import { startServer } from "../server.ts";
import { npmProgram } from "./packages.ts";
import type { Peer } from "./peer.ts";

/** In workerd, as Parley is, with hibernating sockets. */
export const partyServer: Peer = {
  name: "partyserver",
  keeps: "nothing",
  traffic: "the sender's own copy, which acknowledges it",
  needs: "partyserver",
  start: async () => {
    const { url, pid, stop } = await startServer({
      entry: fileURLToPath(npmProgram("party-worker.mjs")),
      environment: { kind: "bare", objects: ["Main"] },
    });
    const contender = echoContender((room) => new URL(`/parties/main/room-${room}`, url));
    return { contender, pids: () => [pid], stop };
  },
};
