import { expect, test } from "vitest";
import { UploadBuffers } from "../../../src/files/upload-buffers.ts";

const holder = () => ({
  gaveUp: false,
  giveUp() {
    this.gaveUp = true;
  },
});

test("[I13] where uploads hold too much memory, the one that has not grown for the longest time goes", () => {
  const buffers = new UploadBuffers(100);
  const [silent, busy, late] = [holder(), holder(), holder()];
  buffers.hold(silent, 40);
  buffers.hold(busy, 20);
  buffers.hold(busy, 40);
  expect(buffers.total).toBe(80);
  buffers.hold(late, 30);
  expect([silent.gaveUp, busy.gaveUp, late.gaveUp]).toEqual([true, false, false]);
  expect(buffers.total).toBe(70);
});

test("[I13] an upload that ended holds nothing", () => {
  const buffers = new UploadBuffers(100);
  const [one, other] = [holder(), holder()];
  buffers.hold(one, 90);
  buffers.release(one);
  buffers.hold(other, 90);
  buffers.release(one);
  expect([one.gaveUp, buffers.total]).toEqual([false, 90]);
});
