import { create, toBinary } from "@bufbuild/protobuf";
import { GenericCommandSchema } from "./generated/message_pb.js";
import { joinRecords } from "./link-records.ts";

/**
 * A send with this dedupe token (`dt`) added, for an SDK that sends none. Protobuf merges a message field that
 * comes twice, so the frame stays as it was otherwise.
 */
export function withDedupeToken(frame: Uint8Array, token: string): Uint8Array {
  const addition = toBinary(
    GenericCommandSchema,
    create(GenericCommandSchema, { directMessage: { dt: token } }),
  );
  return joinRecords([frame, addition]);
}
