import { createConfig, lintFromString } from "@redocly/openapi-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test("the OpenAPI document passes a linter", async () => {
  const source = await (await fetch(`${server.url}/openapi.json`)).text();
  const config = await createConfig({
    extends: ["recommended"],
    rules: {
      // The server is wherever the document came from.
      "no-server-example.com": "off",
      "no-empty-servers": "off",
    },
  });
  const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
  const told = problems.map(({ severity, ruleId, message, location }) => {
    return `${severity} ${ruleId}: ${message} ${location[0]?.pointer ?? ""}`;
  });
  expect(told).toEqual([]);
});

test("the page /docs describes the API and loads nothing from elsewhere", async () => {
  const response = await fetch(`${server.url}/docs`);
  expect(response.headers.get("Content-Type")).toMatch(/^text\/html/);
  const page = await response.text();
  for (const words of [
    "Send a message",
    "PUT /1.2/rtm/conversations/{id}",
    "with the master key",
    "X-LC-Sign",
  ]) {
    expect(page).toContain(words);
  }
  expect(page).not.toMatch(/<script|<link|<img|(src|href)="?https?:|url\(/);
});
