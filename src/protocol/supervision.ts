import { create, toBinary } from "@bufbuild/protobuf";
import { GenericCommandSchema } from "./generated/message_pb.js";
import { joinRecords } from "./link-records.ts";

const FIELD = toBinary(GenericCommandSchema, create(GenericCommandSchema, { supervised: true }));

/**
 * A frame that tells the object it goes to that the app has a say in it. Only the gateway's word counts: it comes
 * last, and a client that says so itself only makes the object look at its settings.
 */
export function withSupervision(frame: Uint8Array): Uint8Array {
  return joinRecords([frame, FIELD]);
}
