import { hashText } from "../hash-text.ts";
import type { Deployment } from "../model/deployment.ts";

/** One object takes 200 to 1,000 calls a second; a report of presence is a row for each client. */
const ON_CLOUDFLARE = 16;
/** Each shard is asked when clients are counted or listed. */
const MOST = 64;

/** On how many objects the state of the app is. */
export function shardCountOf({
  SINGLE_MACHINE,
  APP_SHARDS,
}: Pick<Deployment, "SINGLE_MACHINE" | "APP_SHARDS">): number {
  const wanted = Number(APP_SHARDS);
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST) return wanted;
  return SINGLE_MACHINE === "1" ? 1 : ON_CLOUDFLARE;
}

/** The name of a shard's object. The first one is the only one where there is one. */
export function shardName(shard: number): string {
  return shard === 0 ? "app" : `app-${shard}`;
}

/** The shard with this name. */
export function shardNamed(name: string | undefined): number {
  const [, number = "0"] = /^app-(\d+)$/.exec(name ?? "") ?? [];
  return Number(number);
}

/** Which of `count` shards has what is known of a client or a conversation. */
export function shardOf(id: string, count: number): number {
  return hashText(id) % count;
}
