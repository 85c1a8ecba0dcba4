import { generateKeyPairSync } from "node:crypto";
import type { Json } from "../../src/model/json.ts";
import { type Settings, settingsFrom } from "../../src/settings/schema.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A private key in PEM (PKCS #8), as Apple and Google give it. */
export const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

export const apns = {
  keys: [{ teamId: "CATS", keyId: "KEY1", topics: ["com.example.parley"], privateKey: pem }],
};

export const serviceAccount = {
  type: "service_account",
  project_id: "parley",
  client_email: "push@parley.example",
  private_key: pem,
};

export const webPush = {
  publicKey: "B".repeat(87),
  privateKey: "c".repeat(43),
  subject: "mailto:tom@example.com",
};

export const webhook = { url: "https://push.example.com/", secret: "a secret" };

/** The settings of an owner who has changed these. */
export const settingsOf = (overrides: Json): Settings => settingsFrom(overrides, false).settings;
