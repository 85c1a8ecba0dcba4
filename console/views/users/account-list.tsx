import { useQuery } from "@tanstack/preact-query";
import { consolePath, useAddress } from "../../ui/address.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { type AccountRow, accountFields, findAccounts } from "./account-queries.ts";
import { usersText } from "./text.ts";
import { useTypedSearch } from "./typed-search.ts";

/** The accounts (`_User`), where they live here. */
export function AccountList() {
  const text = useText(usersText);
  const address = useAddress();
  const { typed, setTyped, sought } = useTypedSearch();
  const field = accountFields.find((each) => each === address.get("by")) ?? "username";
  const query = useQuery({
    queryKey: ["accounts", field, sought],
    queryFn: ({ signal }) => findAccounts(field, sought, signal),
  });
  return (
    <div class="stack">
      <search class="filters">
        <SelectField
          label={text.by}
          value={field}
          options={accountFields.map((value) => ({ value, label: text.accountFields[value] }))}
          onChange={(chosen) => address.set({ by: chosen === "username" ? "" : chosen })}
        />
        <Field label={text.whole} type="search" value={typed} onChange={setTyped} />
      </search>
      <Answered query={query} lines={8}>
        {(found) =>
          found === "elsewhere" ? (
            <Empty
              title={text.elsewhere}
              actions={
                <ButtonLink href="/console/settings?setting=users.where">{text.openSetting}</ButtonLink>
              }
            >
              {text.elsewhereHelp}
            </Empty>
          ) : (
            <DataTable
              label={text.tabs.accounts}
              columns={columnsOf(text)}
              rows={found}
              keyOf={({ objectId }) => objectId}
              hrefOf={({ objectId }) => consolePath("users", objectId)}
              empty={<Empty title={text.noAccount}>{text.noAccountHelp}</Empty>}
            />
          )
        }
      </Answered>
    </div>
  );
}

type Text = (typeof usersText)["en"];

const columnsOf = (text: Text): Column<AccountRow>[] => [
  { id: "name", label: text.accountFields.username, render: ({ username }) => username || "–" },
  { id: "id", label: "objectId", width: "14.5rem", render: ({ objectId }) => <code>{objectId}</code> },
  { id: "email", label: text.accountFields.email, wideOnly: true, render: ({ email }) => email || "–" },
  {
    id: "created",
    label: text.created,
    width: "9rem",
    wideOnly: true,
    value: ({ createdAt }) => createdAt,
    render: ({ createdAt }) => <Time at={createdAt} />,
  },
];
