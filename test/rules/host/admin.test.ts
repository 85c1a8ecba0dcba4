import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Admin } from "../../../scripts/admin.ts";
import { serviceAccountIn } from "../../../scripts/key-files.ts";

test.each([
  "https://chat.example.com",
  "http://10.0.0.7:8787",
  "http://127.0.0.1.example.com",
  "http://[2001:db8::1]",
])("the trial's master key is not sent to %s", (server) => {
  expect(() => new Admin(server, {})).toThrow(/another machine.*MASTER_KEY/);
  expect(() => new Admin(server, { APP_ID: "app", MASTER_KEY: "secret" })).not.toThrow();
});

test.each(["http://127.0.0.1:8787", "http://localhost:8787/", "http://[::1]:8787"])(
  "the trial's master key serves at %s",
  (server) => expect(() => new Admin(server, {})).not.toThrow(),
);

test("the push command names the right file if google-services.json is given as Firebase's key", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-"));
  const path = join(folder, "google-services.json");
  await writeFile(path, JSON.stringify({ project_info: { project_id: "cheese" }, client: [] }));
  await expect(serviceAccountIn(path)).rejects.toThrow(/google-services\.json.*Generate new private key/);
  await rm(folder, { recursive: true });
});
