import * as v from "valibot";
import { address, booleanSetting, described, group, jsonObject, listOf, secret } from "./value-schemas.ts";
import { vendorSettings } from "./vendors/vendor-settings.ts";

/** A private key in PEM has 250 to 3,300 characters, by its kind. */
const KEY_LENGTH_MAX = 8_192;

const privateKey = () =>
  v.pipe(
    secret(KEY_LENGTH_MAX),
    v.check(
      (pem) => /^\s*-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----\s*$/.test(pem),
      "must be a private key in PEM (PKCS #8), as the file has it",
    ),
  );

const text = () => v.pipe(v.string("must be a text"), v.minLength(1, "must be a text"));

/** One of Apple's authentication keys (P-16, P-20). */
export const apnsKey = () =>
  group({
    teamId: text(),
    keyId: text(),
    /** Bundle ids of the key; the first one is for devices that name none. */
    topics: v.pipe(listOf(text()), v.minLength(1, "must name a topic")),
    /** The content of the `.p8` file. */
    privateKey: privateKey(),
  });

/** A service account's JSON file from Google; further fields are ignored. */
const serviceAccount = () =>
  v.object(
    {
      project_id: text(),
      client_email: text(),
      private_key: privateKey(),
      /** The URL that exchanges its signature for an access token; Google's by default. */
      token_uri: v.optional(address()),
    },
    "must be what the service account's file holds",
  );

const base64Url = (bytes: number) => {
  const problem = `must be ${bytes} bytes in base64url`;
  return v.pipe(
    v.string(problem),
    v.regex(/^[\w-]+$/, problem),
    v.length(Math.ceil((bytes * 4) / 3), problem),
  );
};

/** Push providers and their content (P-01 to P-21). */
export const pushSettings = () =>
  group({
    static: v.optional(
      described(
        "The content for messages without their own. Null pushes nothing for those.",
        v.nullable(jsonObject()),
      ),
      null,
    ),
    appName: v.optional(
      described(
        "The title where a content has none and its vendor demands one.",
        v.nullable(v.pipe(text(), v.maxLength(64, "must have at most 64 characters"))),
      ),
      null,
    ),
    apns: v.optional(
      group({
        keys: v.optional(
          described(
            "Apple's authentication keys, which PUT and DELETE /admin/push/apns-keys/{keyId} change one by one.",
            v.pipe(listOf(apnsKey()), v.examples([[]])),
          ),
          [],
        ),
        url: v.optional(
          described("A server in place of Apple's two, such as a relay.", v.nullable(address())),
          null,
        ),
      }),
      {},
    ),
    fcm: v.optional(
      group({
        serviceAccount: v.optional(
          described(
            "The content of a service account's JSON file from Google.",
            v.nullable(serviceAccount()),
          ),
          null,
        ),
        url: v.optional(described("A server in place of Google's.", v.nullable(address())), null),
      }),
      {},
    ),
    ...vendorSettings(),
    webPush: v.optional(
      described(
        "The keys that identify this server to browsers' push services (VAPID).",
        v.nullable(
          group({
            publicKey: base64Url(65),
            privateKey: v.pipe(secret(), base64Url(32)),
            /** How to reach the sender: a `mailto:` or `https:` URL. */
            subject: v.pipe(
              text(),
              v.regex(/^(mailto:.+@.+|https:\/\/.+)$/, "must be a mailto: or https: URL"),
            ),
          }),
        ),
      ),
      null,
    ),
    /** The app's push server for devices that no other provider serves (P-04). */
    webhook: v.optional(
      group({
        url: v.optional(
          described("Takes pushes as JSON and passes them on to devices.", v.nullable(address())),
          null,
        ),
        secret: v.optional(
          described("Signs the requests, so that their receiver knows who sent them.", v.nullable(secret())),
          null,
        ),
      }),
      {},
    ),
    allowClientPush: v.optional(
      described("Clients may push to each other with the app key.", booleanSetting()),
      false,
    ),
  });
