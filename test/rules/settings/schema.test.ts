import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { defaultSettings, patchProblem, settingsFrom } from "../../../src/settings/schema.ts";

describe("defaults", () => {
  test("the defaults of settings are the documented ones", () => {
    expect(defaultSettings(false)).toEqual({
      messages: { allowEdit: false, allowRecall: false },
      limits: {
        sendsPerMinute: 600,
        historyQueriesPerMinute: 600,
        otherCommandsPerMinute: 300,
        peoplePerAddress: 200,
        messageBytes: 32768,
        nameCharacters: 1024,
        attributesCharacters: 65536,
        members: 500,
        temporaryMembers: 10,
        listedClients: 500,
        listedClientsInRooms: 10_000,
        linksPerSession: 64,
        loginSeconds: 30,
        restMessagesPerMinute: 1800,
        broadcastsPerMinute: 30,
        broadcastsPerDay: 1_000,
        globalBroadcastsPerMinute: 10,
        globalBroadcastsPerDay: 30,
        pushesPerMinute: 600,
        installationsPerMinute: 3000,
        filesPerMinute: 3000,
        signUpsPerMinute: 600,
        keepAliveSeconds: 50,
        returnSeconds: 15,
        silenceSeconds: 400,
      },
      security: {
        signLogin: false,
        signConversation: false,
        signHistory: false,
        signBlacklist: false,
        memberRoles: false,
        blacklists: false,
        origins: [],
        masterSignMinutes: 60,
        jwt: null,
        findOthers: "described",
        showMembers: true,
        join: "anyone",
        removeOthers: "members",
        historyFrom: "beginning",
      },
      hooks: {
        url: null,
        key: null,
        legacySign: true,
        timeoutMs: 3000,
        onFailure: "ignore",
        allowPrivate: false,
      },
      webhooks: {
        url: null,
        secret: null,
        events: [
          ...["messageSent", "receiversOffline", "conversationStarted", "conversationAdded"],
          ...["conversationRemoved", "clientOnline", "clientOffline"],
        ],
      },
      serviceHook: { url: null, secret: null },
      broadcasts: { unexpired: {} },
      keywords: { oneToOne: false, version: null },
      events: { logDays: 0 },
      console: { enabled: false, signOutBefore: null, auditDays: 365 },
      files: { maxBytes: 52428800, types: [], usersOnly: false, upload: "auto", url: null, domains: [] },
      history: { archive: "all", archiveDays: 180, deleteArchived: false, archivedSince: 0 },
      retention: { messageDays: 0, idleConversationDays: 0 },
      rooms: { socketsPerRelay: 2_000, messagesPerSecond: 50, returnMinutes: 30 },
      mirror: { server: null, messagesPerMinute: 1800 },
      upstream: { url: null, functionsUrl: null, timeoutSeconds: 30, maxBytes: 10485760, log: false },
      push: {
        static: null,
        appName: null,
        hms: {},
        honor: {},
        oppo: {},
        vivo: {},
        mi: {},
        meizu: {},
        webPush: null,
        allowClientPush: false,
        apns: { keys: [], url: null },
        fcm: { serviceAccount: null, url: null },
        webhook: { url: null, secret: null },
      },
      users: { where: null, signUp: true, thirdParty: true },
    });
  });

  test("a demo allows editing and recalling, and nothing else differs", () => {
    expect(defaultSettings(true)).toEqual({
      ...defaultSettings(false),
      messages: { allowEdit: true, allowRecall: true },
    });
  });

  test("a demo's owner can still forbid editing", () => {
    const { settings } = settingsFrom({ messages: { allowEdit: false } }, true);
    expect(settings.messages).toEqual({ allowEdit: false, allowRecall: true });
  });
});

describe("a patch", () => {
  test.each([
    [{}],
    [{ limits: {} }],
    [{ limits: { members: 10_000, sendsPerMinute: 0 }, messages: { allowEdit: true } }],
    [{ limits: { members: null } }],
    [{ limits: null }],
  ])("the patch %j of settings is accepted", (patch) => {
    expect(patchProblem(patch)).toBeUndefined();
  });

  test.each([
    [{ limits: { members: 0 } }, "limits.members: must be a whole number from 1 to 10000"],
    [{ limits: { members: 10_001 } }, "limits.members: must be a whole number from 1 to 10000"],
    [{ limits: { members: 2.5 } }, "limits.members: must be a whole number from 1 to 10000"],
    [{ limits: { members: "500" } }, "limits.members: must be a whole number from 1 to 10000"],
    [{ limits: { messageBytes: 65_537 } }, "limits.messageBytes: must be a whole number from 1 to 65536"],
    [{ limits: { linksPerSession: 0 } }, "limits.linksPerSession: must be a whole number from 1 to 100"],
    [{ limits: { sendsPerMinute: -1 } }, "limits.sendsPerMinute: must be a whole number from 0 to 1000000"],
    [{ messages: { allowEdit: 1 } }, "messages.allowEdit: must be true or false"],
    [{ limits: { memebrs: 5 } }, "limits.memebrs: is not a setting"],
    [{ limits: { memebrs: null } }, "limits.memebrs: is not a setting"],
    [{ colour: "red" }, "colour: is not a setting"],
    [{ toString: 1 }, "toString: is not a setting"],
    [{ limits: 5 }, "limits: must be an object of settings"],
    [{ limits: [] }, "limits: must be an object of settings"],
    [{ hooks: { key: "***" } }, "hooks.key: is shown as *** but cannot be that; leave it out to keep it"],
    [
      { webhooks: { secret: "***" } },
      "webhooks.secret: is shown as *** but cannot be that; leave it out to keep it",
    ],
    [
      { security: { jwt: { secret: "***" } } },
      "security.jwt.secret: is shown as *** but cannot be that; leave it out to keep it",
    ],
    [{ keywords: { version: "v" } }, "keywords.version: is set by PUT /admin/keywords"],
    [{ keywords: { version: null } }, "keywords.version: is set by PUT /admin/keywords"],
    [{ keywords: null }, "keywords.version: is set by PUT /admin/keywords"],
    [null, "settings: must be an object of settings"],
    [[], "settings: must be an object of settings"],
    ["limits", "settings: must be an object of settings"],
  ])("the patch %j of settings is refused with the field's name", (patch, problem) => {
    expect(patchProblem(patch)).toBe(problem);
  });

  const addresses: [string, (url: string) => Json][] = [
    ["hooks.url", (url) => ({ hooks: { url } })],
    ["webhooks.url", (url) => ({ webhooks: { url } })],
    ["security.jwt.jwksUrl", (jwksUrl) => ({ security: { jwt: { jwksUrl } } })],
    ["push.apns.url", (url) => ({ push: { apns: { url } } })],
    ["push.fcm.url", (url) => ({ push: { fcm: { url } } })],
    ["push.webhook.url", (url) => ({ push: { webhook: { url } } })],
    ["upstream.url", (url) => ({ upstream: { url } })],
    ["upstream.functionsUrl", (functionsUrl) => ({ upstream: { functionsUrl } })],
    ["files.url", (url) => ({ files: { url } })],
    ["mirror.server", (server) => ({ mirror: { server } })],
  ];

  test.each(addresses)("the setting %s is refused with a reason if it is no address", (field, patchOf) => {
    for (const wrong of [
      ...["", "https://", "https://example.com:99999", "x.com", "ftp://x.com", "https://a b", "https://%"],
      ...[
        "https://*",
        "https://*.example.com",
        "https://a..b",
        "https://-a.com",
        "https://[::1",
        "https://u@x.com",
      ],
    ]) {
      const problem = `${field}: must be an http or https URL of a host, without user, password or fragment`;
      expect([wrong, patchProblem(patchOf(wrong))]).toEqual([wrong, problem]);
    }
    for (const right of [
      "https://a-b.example.com:8443",
      "http://127.0.0.1:1",
      "https://[::1]/",
      "http://a_b",
    ])
      expect([right, patchProblem(patchOf(right))]).toEqual([right, undefined]);
  });

  test("domains of files are refused that are no hosts", () => {
    const of = (domain: string) => patchProblem({ files: { domains: [domain] } });
    for (const wrong of [
      ...[
        "*",
        "*.example.com",
        "a..b",
        ".",
        "-",
        "a b",
        "",
        "a:99999",
        "https://a.com",
        "a.com/x",
        "A.com",
        "a,b",
      ],
      ...["!", "$", "(a)", "a'b", "a.com:443", "u@a.com", "[::1", "a".repeat(64)],
    ])
      expect([wrong, of(wrong)]).toEqual([wrong, expect.stringMatching(/must be hosts such as/)]);
    for (const right of [
      "a.com",
      "a.com:8443",
      "127.0.0.1",
      "[::1]:80",
      "localhost",
      "xn--bcher-kva.example",
    ])
      expect([right, of(right)]).toEqual([right, undefined]);
  });

  test("a patch of settings is refused with every invalid field named", () => {
    expect(patchProblem({ limits: { members: 0, messageBytes: 0 } })).toMatch(
      /limits\.messageBytes: .*; limits\.members: /,
    );
  });
});

describe("a stored set of overrides", () => {
  test("stored settings override the defaults", () => {
    const { settings, ignored } = settingsFrom({ limits: { members: 7 } }, false);
    expect(settings).toEqual({
      ...defaultSettings(false),
      limits: { ...defaultSettings(false).limits, members: 7 },
    });
    expect(ignored).toEqual([]);
  });

  test("stored settings lose only fields that this version cannot use", () => {
    const { settings, ignored } = settingsFrom(
      { limits: { members: 7, messageBytes: "big", "a.b": 1 }, later: { x: 1 }, messages: 3 },
      false,
    );
    expect(settings.limits.members).toBe(7);
    expect(settings.limits.messageBytes).toBe(32_768);
    expect(settings.messages.allowEdit).toBe(false);
    expect(ignored.sort()).toEqual([
      "later: is not a setting",
      "limits.a.b: is not a setting",
      "limits.messageBytes: must be a whole number from 1 to 65536",
      "messages: must be an object of settings",
    ]);
  });

  test.each([[null], [[]], ["text"], [5]])("%j stands for no stored settings", (stored) => {
    expect(settingsFrom(stored, false).settings).toEqual(defaultSettings(false));
  });
});
