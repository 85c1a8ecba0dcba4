import { shardCountOf, shardOf } from "../../src/app/shards.ts";
import { defaultSettings } from "../../src/settings/schema.ts";
import type { Deployment } from "./app-load.ts";

/** The product on Cloudflare with the settings that it comes with. */
export function productOnCloudflare(): Deployment {
  const shards = shardCountOf({});
  const { rooms, limits } = defaultSettings(false);
  return {
    appShards: shards,
    shardOf: (clientId) => shardOf(clientId, shards),
    socketsPerRelay: rooms.socketsPerRelay,
    roomMessagesPerSecond: rooms.messagesPerSecond,
    members: limits.members,
  };
}
