import { expect, test } from "vitest";
import { sessionTokenOf } from "../../../page/session-token.ts";
import { sdks } from "./sdk.ts";
import { useTown } from "./town.ts";

const town = useTown();

test.each(sdks)(
  "[P-02] an app on the JavaScript SDK $version proves over HTTP which client is logged in",
  async (sdk) => {
    const tom = await town().logIn(sdk, town().named("Tom"));
    const token = await sessionTokenOf(tom.client);
    expect((await town().notifications(tom.id, token)).status).toBe(200);
    expect((await town().notifications(town().named("Jerry"), token)).status).toBe(401);
  },
);
