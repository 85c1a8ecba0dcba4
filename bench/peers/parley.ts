import { type ParleyRoomOptions, parleyContender } from "../parley-room.ts";
import { appId, liftLimits, parley as program } from "../programs.ts";
import { startServer } from "../server.ts";
import type { Peer } from "./peer.ts";

export const parley: Peer = {
  name: "Parley",
  keeps: "disk",
  traffic: "an acknowledgement to the sender; from each receiver one for all messages of a second",
  needs: undefined,
  start: () => start({ transient: false, acknowledging: true }),
};

export const parleyTransient: Peer = {
  name: "Parley, transient messages",
  keeps: "nothing",
  traffic: "an acknowledgement to the sender",
  needs: undefined,
  start: () => start({ transient: true, acknowledging: false }),
};

async function start(options: ParleyRoomOptions) {
  const { url, pid, stop } = await startServer(program);
  await liftLimits(url);
  return { contender: parleyContender(url, appId, options), pids: () => [pid], stop };
}
