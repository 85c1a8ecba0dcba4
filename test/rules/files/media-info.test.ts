import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HeaderReader } from "../../../src/files/header-reader.ts";
import { mediaInfo } from "../../../src/files/media/media-info.ts";
import { fixture, joined, reading } from "./fixture.ts";

const MP4 = "mov,mp4,m4a,3gp,3g2,mj2";

const infoOf = (bytes: Uint8Array, size = bytes.length) => mediaInfo(reading(bytes, size).reader);

const files: [name: string, format: string, seconds: number][] = [
  ["tone.m4a", MP4, 1.25],
  ["film.mp4", MP4, 1.25],
  ["film-fast.mp4", MP4, 1.25],
  ["film.mov", MP4, 1.25],
  ["tone.wav", "wav", 1.25],
  ["tone.mp3", "mp3", 1.44],
  ["no-xing.mp3", "mp3", 1.44],
  ["tone.aac", "aac", 1.408],
  ["opus.ogg", "ogg", 1.25],
  ["vorbis.ogg", "ogg", 1.25],
  ["tone.flac", "flac", 1.25],
  ["tone.webm", "matroska,webm", 1.258],
];

/** A box of an MP4. */
function box(name: string, content: Uint8Array): Uint8Array {
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, content.length + 8);
  return joined(new Uint8Array(length.buffer), name, content);
}

describe("the duration of audio and video", () => {
  test.each(files)("%s is known as %s and lasts about %d s", async (name, format, seconds) => {
    const info = await infoOf(fixture(name));
    expect(info?.format).toBe(format);
    expect(info?.duration).toBeGreaterThan(seconds - 0.1);
    expect(info?.duration).toBeLessThan(seconds + 0.1);
  });

  test("a film that is sent while it is recorded has a format and no duration", async () => {
    expect(await infoOf(fixture("frag.mp4"))).toEqual({ format: MP4 });
  });

  test("the length at the end of a film of 4 GB is found without reading the film", async () => {
    const film = fixture("film.mp4");
    const movie = film.subarray(Buffer.from(film).indexOf("moov") - 4);
    const start = joined(box("ftyp", joined("isom")), [0, 0, 0, 1], "mdat", [0, 0, 0, 1, 0, 0, 0, 0]);
    const movieAt = 12 + 2 ** 32;
    let read = 0;
    const reader = new HeaderReader(async (offset, length) => {
      read += length;
      const part = new Uint8Array(length);
      const source = offset < movieAt ? start.subarray(offset) : movie.subarray(offset - movieAt);
      part.set(source.subarray(0, length));
      return part;
    }, movieAt + movie.length);
    expect(await mediaInfo(reader)).toEqual({ format: MP4, duration: 1.25 });
    expect(read).toBeLessThan(100_000);
  });

  test("the duration of an MP3 behind a picture of its album is found", async () => {
    const tag = joined(
      "ID3",
      [4, 0, 0, 0, 0x0f, 0x21, 0x20],
      new Uint8Array(0x0f * 16_384 + 0x21 * 128 + 0x20),
    );
    const info = await infoOf(joined(tag, fixture("no-xing.mp3").subarray(20)));
    expect(info?.format).toBe("mp3");
    expect(info?.duration).toBeCloseTo(1.44, 1);
  });

  test("AMR lasts as long as its frames, 20 ms each", async () => {
    const frames = new Uint8Array(32 * 50).map((_, at) => (at % 32 === 0 ? 0x3c : at));
    expect(await infoOf(joined("#!AMR\n", frames))).toEqual({ format: "amr", duration: 1 });
    expect(await infoOf(joined("#!AMR\n"))).toEqual({ format: "amr" });
  });

  test("a WAV that was written while it was recorded lasts as long as there are samples", async () => {
    const wav = fixture("tone.wav");
    const at = Buffer.from(wav).indexOf("data") + 4;
    for (const length of [0, 0xffffffff]) {
      new DataView(wav.buffer).setUint32(at, length, true);
      expect((await infoOf(wav))?.duration).toBeCloseTo(1.25, 3);
    }
  });

  test("what is neither audio nor video has no format", async () => {
    for (const text of ["", "a", "hello, cheese", "<html><script>1</script>", "\xff\xd8\xff\xe0\0\x10JFIF\0"])
      expect(await infoOf(joined(text))).toBeUndefined();
    for (const name of ["still.png", "still.jpg", "still.gif", "lossy.webp", "still.bmp"])
      expect(await infoOf(fixture(name))).toBeUndefined();
  });

  test("boxes that never end or lead back are given up after a few reads", async () => {
    const boxes = Array.from({ length: 20_000 }, () => box("free", new Uint8Array()));
    const { reader, reads } = reading(joined(box("ftyp", joined("isom")), ...boxes));
    expect(await mediaInfo(reader)).toEqual({ format: MP4 });
    expect(reads.length).toBeLessThan(20);
  });

  test("damaged audio and video are answered without an error, by durations above zero or without", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files.map(([name]) => name)),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 10 }),
        fc.nat(2_000),
        async (name, changes, end) => {
          const bytes = fixture(name).slice(0, end);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          const info = await infoOf(bytes);
          if (info?.duration !== undefined) {
            expect(info.duration).toBeGreaterThan(0);
            expect(Number.isFinite(info.duration)).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
