import { useQuery } from "@tanstack/preact-query";
import { useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { findAccounts } from "./account-queries.ts";
import { userText } from "./user-text.ts";

/** The account whose id the client has: SDKs log users in by it. Nothing where accounts live elsewhere. */
export function AccountFacts({ id }: { id: string }) {
  const text = useText(userText);
  const query = useQuery({
    queryKey: ["accounts", "objectId", id],
    queryFn: ({ signal }) => findAccounts("objectId", id, signal),
  });
  if (query.data === "elsewhere") return null;
  return (
    <Section title={text.account}>
      <Answered query={query} lines={2}>
        {(found) => {
          const account = found === "elsewhere" ? undefined : found[0];
          if (account === undefined) return <p class="faint">{text.noAccount}</p>;
          const place = new URLSearchParams({ tab: "accounts", by: "objectId", q: id });
          return (
            <>
              <Facts
                facts={[
                  [text.username, account.username || "–"],
                  [text.email, account.email || "–"],
                  [text.created, account.createdAt ? <Time key="t" at={account.createdAt} /> : "–"],
                ]}
              />
              <p>
                <a href={`/console/users?${place}`}>{text.openAccount}</a>
              </p>
            </>
          );
        }}
      </Answered>
    </Section>
  );
}
