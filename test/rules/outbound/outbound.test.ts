import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Call, type Fetch, Outbound, type OutboundPolicy } from "../../../src/outbound/http-client.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

/** Which network a call was handed to, if to any. */
async function wayOf(reach: OutboundPolicy, url: string): Promise<"open" | "all" | "none"> {
  let way: "open" | "all" | "none" = "none";
  const by = (name: "open" | "all"): Fetch => {
    return async () => {
      way = name;
      return new Response("");
    };
  };
  const outbound = new Outbound(reach, { open: by("open"), all: by("all") });
  await outbound.send(calling(url), 1_000);
  return way;
}

function calling(url: string): Call {
  return { url: new URL(url), method: "POST", headers: {}, body: "{}" };
}

async function listening(handle: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handle).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

const anywhere = () => new Outbound("anywhere", { open: fetch, all: fetch });

const privateUrls = [
  "https://10.0.0.1/",
  "https://172.16.0.1/",
  "https://172.31.255.255/",
  "https://192.168.1.1/",
  "https://100.64.0.1/", // carriers' translation
  "https://169.254.169.254/latest/meta-data/",
  "https://0.0.0.0/",
  "https://224.0.0.1/",
  "https://255.255.255.255/",
  "https://0xa9fea9fe/", // 169.254.169.254, hexadecimal
  "https://2852039166/", // the same, decimal
  "https://0251.0376.0251.0376/", // the same, octal
  "https://[::]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:a00:1]/",
  "https://[::127.0.0.1]/",
  "https://[64:ff9b::7f00:1]/",
  "https://[2002:7f00:1::]/", // 6to4 of 127.0.0.1
  "https://[2001:0:7f00:1::]/", // Teredo
  "https://[fc00::1]/",
  "https://[fd12:3456::1]/",
  "https://[fe80::1]/",
  "https://[ff02::1]/",
  "https://metadata.google.internal/computeMetadata/v1/",
  "https://printer.local/",
  "https://PRINTER.LOCAL./",
  "https://router.lan/",
  "https://router.home.arpa/",
  "https://metadata/",
];

const loopbackUrls = [
  "http://127.0.0.1:3000/",
  "http://127.1.2.3/",
  "http://2130706433/", // 127.0.0.1, decimal
  "http://0x7f000001/",
  "http://0x7f.1/",
  "http://0177.0.0.1/",
  "http://017700000001/",
  "http://127.1/",
  "http://①②⑦.⓪.⓪.①/",
  "http://[::1]:3000/",
  "http://[0:0:0:0:0:0:0:1]/",
  "http://localhost:3000/",
  "http://LOCALHOST./",
  "https://engine.localhost/",
];

describe("[I12] an app's URLs are called", () => {
  test.each([
    "https://example.com/hooks",
    "https://93.184.216.34/",
    "https://172.32.0.1/",
    "https://[2606:4700::1111]/",
    "https://internal.example.com/",
    "https://localhost.example.com/",
  ])(
    "[I12] an app's URL on a public host is called by the network that checks addresses: %s",
    async (url) => {
      expect(await wayOf("public", url)).toBe("open");
      expect(await wayOf("trial", url)).toBe("open");
    },
  );

  test("[I12] an app's URL is called by https alone", async () => {
    expect(await wayOf("public", "http://example.com/")).toBe("none");
    expect(await wayOf("trial", "http://example.com/")).toBe("none");
  });

  test.each(privateUrls)("[I12] an app's URL in a private network is never called: %s", async (url) => {
    expect(await wayOf("public", url)).toBe("none");
    expect(await wayOf("trial", url)).toBe("none");
    expect(await wayOf("public", url.replace("https:", "http:"))).toBe("none");
  });

  test.each(loopbackUrls)("[I12] an app's URL on this machine is called only by a demo: %s", async (url) => {
    expect(await wayOf("public", url)).toBe("none");
    expect(await wayOf("public", url.replace("http:", "https:"))).toBe("none");
    expect(await wayOf("trial", url)).toBe("all");
  });

  test("[I12] an app's URL is called anywhere if the owner allows private networks", async () => {
    for (const url of [...privateUrls, ...loopbackUrls, "http://example.com/"]) {
      expect(await wayOf("anywhere", url)).toBe("all");
    }
  });

  test.each(["file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://example.com/", "data:,x"])(
    "[I12] an app's URL with another scheme is not called: %s",
    async (url) => {
      for (const reach of ["public", "trial", "anywhere"] as const)
        expect(await wayOf(reach, url)).toBe("none");
    },
  );

  test("[I12] an app's URL with a user in front of the host is not called", async () => {
    expect(await wayOf("public", "https://example.com@127.0.0.1/")).toBe("none");
    expect(await wayOf("public", "https://tom:secret@example.com/")).toBe("none");
    expect(await wayOf("anywhere", "https://tom@example.com/")).toBe("none");
  });
});

describe("a call", () => {
  test("an outbound call returns status and text, whatever the status", async () => {
    const url = await listening((_, response) => response.writeHead(418).end("a teapöt"));
    expect(await anywhere().send(calling(url), 5_000)).toEqual({ status: 418, text: "a teapöt" });
  });

  test("an outbound call follows no redirect", async () => {
    let asked = 0;
    const secret = await listening((_, response) => {
      asked += 1;
      response.end("secret");
    });
    const url = await listening((_, response) => response.writeHead(302, { Location: secret }).end());
    expect(await anywhere().send(calling(url), 5_000)).toEqual({ status: 302, text: "" });
    expect(asked).toBe(0);
  });

  test("an outbound call reads at most 1 MB", async () => {
    let stopped: (() => void) | undefined;
    const left = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    const url = await listening((_, response) => {
      response.on("close", () => stopped?.());
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
        response.once("drain", more);
      };
      more();
    });
    expect(await anywhere().send(calling(url), 20_000)).toEqual({
      unanswered: expect.stringContaining("more than 1000000 bytes"),
    });
    await left;
  });

  test("an outbound call ends with its deadline, and leaves no connection", async () => {
    let left: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    const url = await listening((_, response) => {
      response.on("close", () => left?.());
      response.writeHead(200).write("and then nothing");
    });
    expect(await anywhere().send(calling(url), 50)).toEqual({
      unanswered: expect.stringContaining("no answer in 50 ms"),
    });
    await gone;
  });

  test("an outbound call that no server accepts is unanswered", async () => {
    const url = await listening(() => {});
    const [server] = servers.splice(0);
    server?.close();
    expect(await anywhere().send(calling(url), 5_000)).toEqual({ unanswered: expect.any(String) });
  });
});
