import type { Context } from "hono";
import { frontOf, senderOf } from "../../gateway/address.ts";
import { sessionTokenIn } from "../auth.ts";
import type { HttpEnv } from "../env.ts";
import { identify } from "../operation.ts";
import type { UserCaller } from "./user-requests.ts";

/** The caller for which a request is about users. */
export async function callerOf(context: Context<HttpEnv>): Promise<UserCaller> {
  const { headers } = context.req.raw;
  const { countedAs, provenAs } = senderOf(headers, frontOf(context.env));
  return {
    isOwner: (await identify(context)) === "master",
    sessionToken: sessionTokenIn(headers),
    countedAs,
    provenAs,
  };
}
