import { crc32, deflateSync } from "node:zlib";
import * as v from "valibot";
import type { Admin } from "../admin.ts";
import { Refusal } from "../options.ts";

/** A file that was uploaded, as messages name it. */
export interface DemoFile {
  url: string;
  objId: string;
  metaData: object;
}

export interface DemoFiles {
  picture: DemoFile;
  sound: DemoFile;
  text: DemoFile;
}

const Announced = v.object({
  objectId: v.string(),
  url: v.string(),
  token: v.string(),
  upload_url: v.string(),
});

/** Uploads a picture, a sound and a text. Returns undefined where the server keeps no files. */
export async function uploadFiles(admin: Admin): Promise<DemoFiles | undefined> {
  try {
    const [picture, sound, text] = await Promise.all([
      upload(admin, "cheese.png", "image/png", cheese(), { width: SIDE, height: SIDE, format: "png" }),
      upload(admin, "squeak.wav", "audio/wav", squeak(), { duration: 1, format: "wav" }),
      upload(admin, "购物清单.txt", "text/plain", Buffer.from("奶酪 3 块\nmilk\n猫粮\n"), {}),
    ]);
    return { picture, sound, text };
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

async function upload(
  admin: Admin,
  name: string,
  type: string,
  bytes: Buffer,
  facts: object,
): Promise<DemoFile> {
  const about = { name, mime_type: type, metaData: { size: bytes.length, ...facts } };
  const { objectId, url, token, upload_url } = v.parse(
    Announced,
    await admin.ask("POST", "/1.1/fileTokens", about),
  );
  const sent = await fetch(upload_url, {
    method: "PUT",
    headers: { "Content-Type": type },
    body: new Uint8Array(bytes),
  });
  if (!sent.ok) throw new Refusal(`The server does not take the file ${name}: status ${sent.status}.`, 1);
  await admin.ask("POST", "/1.1/fileCallback", { token, result: true });
  return { url, objId: objectId, metaData: { name, size: bytes.length, ...facts } };
}

const SIDE = 96; // pixels

/** A piece of cheese with holes, as a PNG. */
function cheese(): Buffer {
  const holes = [
    [24, 30, 10],
    [62, 22, 7],
    [48, 60, 13],
    [78, 70, 8],
    [20, 74, 6],
  ] as const;
  const rows = Array.from({ length: SIDE }, (_, y) => {
    const row = Buffer.alloc(1 + SIDE * 3);
    for (let x = 0; x < SIDE; x += 1) {
      const isHole = holes.some(([atX, atY, radius]) => Math.hypot(x - atX, y - atY) < radius);
      row.set(isHole ? [214, 158, 46] : [250, 210 - Math.floor(y / 4), 92], 1 + x * 3);
    }
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  header.set([8, 2], 8); // 8 bits of red, green and blue
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.concat(rows));
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

/** A tone that rises for a second, as a WAV of 8 bits. */
function squeak(): Buffer {
  const rate = 8_000; // samples a second
  const samples = Buffer.from(
    Array.from({ length: rate }, (_, at) => 128 + Math.round(80 * Math.sin((at / rate) ** 2 * 5_000))),
  );
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // one channel
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
