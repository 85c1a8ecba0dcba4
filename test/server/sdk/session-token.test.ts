import { expect, test } from "vitest";
import { sessionTokenOf } from "../../../page/session-token.ts";
import { sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";

const app = useTestApp();

test.each(sdks)(
  "[P-02] an app on the JavaScript SDK $version proves over HTTP which client is logged in",
  async (sdk) => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const token = await sessionTokenOf(tom.client);
    expect((await app().notifications(tom.id, token)).status).toBe(200);
    expect((await app().notifications(app().named("Jerry"), token)).status).toBe(401);
  },
);
