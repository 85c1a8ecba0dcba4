import { create, toBinary } from "@bufbuild/protobuf";
import type { PushPolicy } from "./commands.ts";
import { GenericCommandSchema } from "./generated/message_pb.js";
import { joinRecords } from "./link-records.ts";

/*
 * Fields that the gateway adds to a frame for the object that handles it, so that objects of apps without policies need
 * not read the settings. Only the gateway's value counts: it comes last. A client that sends them itself only causes
 * the checks that its app has set anyway.
 */

const SUPERVISED = toBinary(GenericCommandSchema, create(GenericCommandSchema, { supervised: true }));

/** Adds that the command needs a policy check. */
export function withPolicyCheck(frame: Uint8Array): Uint8Array {
  return joinRecords([frame, SUPERVISED]);
}

const POLICIES = { never: 0, "with data": 1, always: 2 } as const satisfies Record<PushPolicy, number>;

/** Adds which messages may be pushed to offline members. */
export function withPushPolicy(frame: Uint8Array, policy: PushPolicy): Uint8Array {
  const field = create(GenericCommandSchema, { pushes: POLICIES[policy] });
  return joinRecords([frame, toBinary(GenericCommandSchema, field)]);
}

export function pushPolicyOf(pushes: number): PushPolicy {
  return pushes === POLICIES.always ? "always" : pushes === POLICIES["with data"] ? "with data" : "never";
}
