import * as example from "../../src/http/examples.ts";

/** Keys with which Web Push is set up (`push.webPush`): the example of RFC 8291. */
export const VAPID = {
  publicKey: example.WEB_PUSH_KEY,
  privateKey: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
  subject: "mailto:owner@example.com",
};
