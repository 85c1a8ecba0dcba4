import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

/** Servers in place of Google's and Huawei's, which accept everything. */
export interface PhoneMakers {
  /** The setting `push` with keys for both. */
  settings: object;
  close(): void;
}

export async function openPhoneMakers(): Promise<PhoneMakers> {
  const server = createServer((request, response) => {
    request.resume();
    const isToken = request.url === "/token";
    const token = { access_token: "token", expires_in: 3_600 };
    // One answer is both makers' success.
    const accepted = { name: "projects/bench/messages/1", code: "80000000", msg: "Success" };
    response.setHeader("Content-Type", "application/json").end(JSON.stringify(isToken ? token : accepted));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  const tokens = `${url}/token`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const serviceAccount = {
    project_id: "bench",
    client_email: "parley@bench.example",
    private_key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    token_uri: tokens,
  };
  return {
    settings: {
      fcm: { serviceAccount, url },
      hms: { _default: { appId: "1", appSecret: "secret", url, authUrl: tokens } },
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
