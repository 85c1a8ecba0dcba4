import type { Contender } from "../room.ts";

/** A server that somebody might pick instead of Parley, or Parley itself, in one configuration. */
export interface Peer {
  name: string;
  /** What its sender's acknowledgement says about the disk. */
  keeps: Keeping;
  /** What it sends for one message, beside the message to each receiver. */
  traffic: string;
  /** What has to be there before it can start. */
  needs: PeerPackage | undefined;
  start(): Promise<RunningPeer>;
}

/** Only servers of the same kind are compared with each other. */
export const keepings = {
  disk: "on the disk before it is acknowledged",
  later: "kept in memory or in files that are not synced, on the disk some time later",
  nothing: "kept nowhere",
} as const;
export type Keeping = keyof typeof keepings;

export const peerPackages = ["ejabberd", "mosquitto", "prosody", "socket.io", "partyserver"] as const;
export type PeerPackage = (typeof peerPackages)[number];

export interface RunningPeer {
  contender: Contender;
  /** Every process that serves. */
  pids(): number[];
  stop(): Promise<void>;
}
