import * as v from "valibot";
import { booleanSetting, described, group } from "./value-schemas.ts";

/** Settings about the app's users. */
export const userSettings = () =>
  group({
    where: v.optional(
      described(
        "Who knows the users of session tokens: this server's own table (`here`), the hook `_rtmClientSign` (`hook`), or the server that requests are passed to (`upstream`). Null is `hook` until users are imported, which sets `here`.",
        v.nullable(v.picklist(["here", "hook", "upstream"], "must be here, hook or upstream")),
      ),
      null,
    ),
    signUp: v.optional(
      described("Users may sign up. The owner's server always may create users.", booleanSetting()),
      true,
    ),
    thirdParty: v.optional(
      described(
        "Users may log in by an account on another platform, whose token is not checked. Anonymous users always may.",
        booleanSetting(),
      ),
      true,
    ),
  });

/** Who knows the users of session tokens. */
export type UsersAt = "here" | "hook" | "upstream";

/** Where the users are, if the owner has chosen nothing as well. */
export const usersAt = ({ where }: { where: UsersAt | null }): UsersAt => where ?? "hook";
