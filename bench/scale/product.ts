import { defaultSettings } from "../../src/settings/schema.ts";
import type { Deployment } from "./app-load.ts";

/** The product on Cloudflare with the settings that it comes with. */
export function productOnCloudflare(): Deployment {
  const { rooms, limits } = defaultSettings(false);
  return {
    appShards: 1,
    shardOf: () => 0,
    socketsPerRelay: rooms.socketsPerRelay,
    roomMessagesPerSecond: rooms.messagesPerSecond,
    members: limits.members,
  };
}
