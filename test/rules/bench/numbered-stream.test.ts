import { expect, test } from "vitest";
import { NumberedStream } from "../../../bench/peers/numbered-stream.ts";

test("Numbers of messages are found in a stream wherever its chunks end, each once", () => {
  const bytes = Buffer.from("<m>seq#00000012xx</m><m>seseq#00000345</m><s>seq#00006789");
  for (let size = 1; size <= bytes.length; size++) {
    const found: number[] = [];
    const stream = new NumberedStream((sequence) => found.push(sequence));
    for (let at = 0; at < bytes.length; at += size) stream.take(bytes.subarray(at, at + size));
    expect(found, `chunks of ${size} bytes`).toEqual([12, 345, 6_789]);
  }
});
