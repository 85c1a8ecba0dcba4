import { create, toBinary } from "@bufbuild/protobuf";
import type { PushPolicy } from "./commands.ts";
import { GenericCommandSchema } from "./generated/message_pb.js";
import { joinRecords } from "./link-records.ts";

/*
 * What the gateway tells the object that a frame goes to, so that objects need not look at the settings of apps that
 * set nothing up. Only the gateway's word counts: it comes last, and a client that says so itself only makes the
 * object do in vain what it would do by the app's wish.
 */

const SUPERVISED = toBinary(GenericCommandSchema, create(GenericCommandSchema, { supervised: true }));

/** The app has a say in it. */
export function withPolicyCheck(frame: Uint8Array): Uint8Array {
  return joinRecords([frame, SUPERVISED]);
}

const POLICIES = { never: 0, "with data": 1, always: 2 } as const satisfies Record<PushPolicy, number>;

/** What may be pushed to who is offline. */
export function withPushPolicy(frame: Uint8Array, policy: PushPolicy): Uint8Array {
  const field = create(GenericCommandSchema, { pushes: POLICIES[policy] });
  return joinRecords([frame, toBinary(GenericCommandSchema, field)]);
}

export function pushPolicyOf(pushes: number): PushPolicy {
  return pushes === POLICIES.always ? "always" : pushes === POLICIES["with data"] ? "with data" : "never";
}
