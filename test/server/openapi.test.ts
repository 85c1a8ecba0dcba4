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

test("[I12] the reference at /docs may load nothing from elsewhere, and nothing inline", async () => {
  const response = await fetch(`${server.url}/docs`);
  expect(response.headers.get("Content-Type")).toMatch(/^text\/html/);
  expect(response.headers.get("Content-Security-Policy")).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  const page = await response.text();
  expect(page).not.toMatch(/<script>|<style|style="|onload|(src|href)="?https?:|url\(/);
  for (const path of ["/docs.js", "/docs.css"]) {
    const file = await fetch(`${server.url}${path}`);
    expect([path, file.status]).toEqual([path, 200]);
    expect(await file.text()).not.toContain("validator.swagger.io/validator?");
  }
});
