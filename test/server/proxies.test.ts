import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { type Server, startServer } from "../support/server.ts";
import { sdk4 } from "./sdk/sdk.ts";
import { trusted } from "./sdk/tls-front.ts";
import { eventually } from "./sdk/waiting.ts";
import { readPages, sampleOf } from "./support/documents.ts";
import { NodeDevice } from "./support/node-device.ts";

/* docs/running.md's proxies, as printed but for the names, ports and certificate that are the reader's own. */

const APP_ID = "proxied-app";
const APP_KEY = "proxied-app-key-0001";
const MASTER_KEY = "proxied-app-master-key-0001";
const master = { "X-LC-Id": APP_ID, "X-LC-Key": `${MASTER_KEY},master` };

interface Proxy {
  name: string;
  /** Writes its configuration from the document's block; what starts it in the foreground. */
  command(given: { block: string; folder: string; port: number; target: number }): Promise<string[]>;
}

const nginx: Proxy = {
  name: "nginx",
  command: async ({ block, folder, port, target }) => {
    const server = block
      .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
      .replace("/etc/letsencrypt/live/im.example.com/fullchain.pem", join(folder, "cert.pem"))
      .replace("/etc/letsencrypt/live/im.example.com/privkey.pem", join(folder, "key.pem"))
      .replaceAll("127.0.0.1:8787", `127.0.0.1:${target}`);
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (each) => `${each}_temp_path ${join(folder, each)};`,
    );
    // One process, so that none is left when it is killed.
    const all = `daemon off; master_process off; pid ${join(folder, "pid")}; error_log stderr;
      events {} http { access_log off; ${paths.join(" ")} ${server} }`;
    await writeFile(join(folder, "nginx.conf"), all);
    return ["nginx", "-e", "stderr", "-c", join(folder, "nginx.conf")];
  },
};

const caddy: Proxy = {
  name: "caddy",
  command: async ({ block, folder, port, target }) => {
    const site = block
      .replace("im.example.com {", `https://localhost:${port} {\n  tls ${folder}/cert.pem ${folder}/key.pem`)
      .replaceAll("127.0.0.1:8787", `127.0.0.1:${target}`);
    const all = `{\n  admin off\n  auto_https disable_redirects\n  skip_install_trust\n}\n${site}`;
    await writeFile(join(folder, "Caddyfile"), all);
    return ["caddy", "run", "--adapter", "caddyfile", "--config", join(folder, "Caddyfile")];
  },
};

const pages = await readPages();
const running = pages.find(({ name }) => name === "docs/running.md");

for (const { name, command } of [nginx, caddy]) {
  describe(`behind ${name}, configured as documented`, { tags: name }, () => {
    let server: Server;
    let folder: string;
    let proxy: ChildProcess;
    let port: number;
    let output = "";

    beforeAll(async () => {
      if (running === undefined) throw new Error("no docs/running.md");
      server = await startServer({
        env: { APP_ID, APP_KEY, MASTER_KEY },
        args: ["--proxies", "1"],
      });
      folder = await mkdtemp(join(tmpdir(), "parley-proxy-"));
      const { key, cert } = trusted();
      await Promise.all([writeFile(join(folder, "key.pem"), key), writeFile(join(folder, "cert.pem"), cert)]);
      port = await freePort();
      const block = sampleOf(running, name === "nginx" ? "nginx" : "caddyfile", "8787");
      const [program = "", ...args] = await command({ block, folder, port, target: server.port });
      const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder };
      proxy = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
      for (const stream of [proxy.stdout, proxy.stderr]) {
        stream?.on("data", (chunk) => {
          output += String(chunk);
        });
      }
      const answers = () =>
        fetch(`https://localhost:${port}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        );
      await eventually(answers, (ok) => ok).catch(() => {
        throw new Error(`${name} does not answer: ${output}`);
      });
    });
    afterAll(async () => {
      proxy?.kill("SIGKILL");
      await server?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    test("the JavaScript SDK 4, which speaks TLS only, logs in and sends through the documented proxy", async () => {
      const { Realtime, TextMessage } = sdk4.load();
      const realtime = new Realtime({ appId: APP_ID, appKey: APP_KEY, server: `localhost:${port}` });
      const tom = await realtime.createIMClient("Tom");
      const chat = await tom.createConversation({ members: ["Jerry"] });
      const sent = await chat.send(new TextMessage("through the wall"));
      expect(sent.id).not.toBe("");
      const logs = await fetch(`${server.url}/1.2/rtm/conversations/${chat.id}/messages`, {
        headers: master,
      });
      const [message] = (await logs.json()) as { "from-ip": string }[];
      expect(message?.["from-ip"]).toMatch(/^(?:127\.0\.0\.1|::1)$/);
      await tom.close();
    });

    test("a file of 12 MB comes through the documented proxy and back, and a message of that size does not", async () => {
      const front = `https://localhost:${port}`;
      const bytes = new Uint8Array(12 * 1024 * 1024).map((_, at) => at * 31);
      const tokens = await fetch(`${front}/1.1/fileTokens`, {
        method: "POST",
        headers: { "X-LC-Id": APP_ID, "X-LC-Key": APP_KEY, "Content-Type": "application/json" },
        body: JSON.stringify({ name: "long.bin", key: "long.bin", mime_type: "application/octet-stream" }),
      });
      const { upload_url, url } = (await tokens.json()) as { upload_url: string; url: string };
      expect(upload_url).toMatch(`${front}/uploads/`);
      const uploaded = await fetch(upload_url, { method: "PUT", body: bytes });
      expect(uploaded.status).toBe(200);
      const served = await fetch(url);
      expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true);
      const refused = await fetch(`${front}/1.1/rtm/messages`, {
        method: "POST",
        headers: master,
        body: bytes,
      });
      // Caddy answers 502 if the server has refused and closed before Caddy has counted the body.
      expect([413, 502]).toContain(refused.status);
    });

    test("a client behind a proxy cannot choose the address that is stored with its messages", async () => {
      const headers = {
        "X-Forwarded-For": "6.6.6.6",
        "CF-Connecting-IP": "7.7.7.7",
        "MF-CF-Blob": "x",
        "MF-Original-URL": "https://elsewhere/",
      };
      const url = `wss://localhost:${port}/rtm`;
      const spike = await NodeDevice.of(server, "Spike", { url, headers, ca: trusted().cert, appId: APP_ID });
      const { convMessage } = await spike.ask({
        cmd: "conv",
        op: "start",
        convMessage: { m: ["Tom"], unique: false },
      });
      const cid = convMessage?.cid ?? "";
      await spike.ask({ cmd: "direct", directMessage: { cid, msg: "from where?" } });
      const logs = await fetch(`${server.url}/1.2/rtm/conversations/${cid}/messages`, { headers: master });
      const [message] = (await logs.json()) as { "from-ip": string }[];
      expect(message?.["from-ip"]).toMatch(/^(?:127\.0\.0\.1|::1)$/);
      spike.close();
    });
  });
}
