import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A self-signed certificate for localhost, written out in DER: Node can read X.509 but not make it. */

const SEQUENCE = 0x30;
const SET = 0x31;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const INTEGER = 0x02;
const BOOLEAN = 0x01;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

const HOUR = 3_600_000;

function der(tag: number, ...contents: Uint8Array[]) {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(body.length)]), body]);
}

function lengthOf(length: number) {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

const bytes = (...values: number[]) => Buffer.from(values);
const objectId = (hex: string) => der(OBJECT_ID, Buffer.from(hex, "hex"));
const utcTime = (ms: number) =>
  der(UTC_TIME, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));

const ECDSA_WITH_SHA256 = der(SEQUENCE, objectId("2a8648ce3d040302"));
const COMMON_NAME = objectId("550403");
const SUBJECT_ALT_NAME = objectId("551d11");
const BASIC_CONSTRAINTS = objectId("551d13");

export function selfSigned(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from("localhost")))),
  );
  const now = Date.now();
  const hosts = der(SEQUENCE, der(DNS_NAME, Buffer.from("localhost")), der(IP_ADDRESS, bytes(127, 0, 0, 1)));
  const authority = der(SEQUENCE, der(BOOLEAN, bytes(0xff)));
  const body = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, bytes(2))),
    der(INTEGER, bytes(1), randomBytes(8)),
    ECDSA_WITH_SHA256,
    name,
    der(SEQUENCE, utcTime(now - HOUR), utcTime(now + 24 * HOUR)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(
      EXTENSIONS,
      der(
        SEQUENCE,
        der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, hosts)),
        der(SEQUENCE, BASIC_CONSTRAINTS, der(BOOLEAN, bytes(0xff)), der(OCTET_STRING, authority)),
      ),
    ),
  );
  const signature = der(BIT_STRING, bytes(0), sign("sha256", body, privateKey));
  const base64 = der(SEQUENCE, body, ECDSA_WITH_SHA256, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  };
}
