import { create, toBinary } from "@bufbuild/protobuf";
import { GenericCommandSchema } from "./generated/message_pb.js";
import { joinRecords } from "./link-records.ts";

/**
 * Adds this dedupe token (`dt`) to a send, for an SDK that sends none. Protobuf merges a message field that occurs
 * twice, so the rest of the frame stays unchanged.
 */
export function withDedupeToken(frame: Uint8Array, token: string): Uint8Array {
  const addition = toBinary(
    GenericCommandSchema,
    create(GenericCommandSchema, { directMessage: { dt: token } }),
  );
  return joinRecords([frame, addition]);
}
