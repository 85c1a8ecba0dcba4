import { useInfiniteQuery, useQueryClient } from "@tanstack/preact-query";
import * as v from "valibot";
import { consolePath } from "../../ui/address.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Field, TextArea } from "../../ui/field.tsx";
import { useForm } from "../../ui/form.ts";
import { useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { linesOf } from "./lines.ts";
import { type Ban, ban, readBans, unban } from "./settings-queries.ts";
import { toolText } from "./tool-text.ts";

const KEY = ["bans"];

const EXAMPLE = `curl -X POST ${location.origin}/admin/bans \\
  -H "X-LC-Id: $APP_ID" -H "X-LC-Key: $MASTER_KEY,master" \\
  -H "Content-Type: application/json" \\
  -d '{"client_ids": ["Spike"], "reason": "Spam"}'`;

/** Who is banned, and a form to ban more. */
export function BanList() {
  const text = useText(toolText);
  const queries = useQueryClient();
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: KEY });
  const query = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam, signal }) => readBans(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const takeBack = async (client: string): Promise<void> => {
    try {
      await unban([client]);
      say.done(text.unbanned(client));
    } catch (error) {
      say.failed(error instanceof Error ? error.message : String(error));
    }
    await again();
  };
  return (
    <div class="stack">
      <BanForm onBanned={() => void again()} />
      <Answered query={query} lines={6}>
        {({ pages }) => (
          <DataTable
            label={text.bans}
            columns={columnsOf(text, (client) => void takeBack(client))}
            rows={pages.flatMap(({ results }) => results)}
            keyOf={({ client_id }) => client_id}
            hrefOf={({ client_id }) => consolePath("users", client_id)}
            onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            isLoadingMore={query.isFetchingNextPage}
            empty={
              <Empty title={text.noBans} example={EXAMPLE}>
                {text.noBansHelp}
              </Empty>
            }
          />
        )}
      </Answered>
    </div>
  );
}

const columnsOf = (text: (typeof toolText)["en"], takeBack: (client: string) => void): Column<Ban>[] => [
  { id: "client", label: text.client, width: "minmax(6rem, 1fr)", render: ({ client_id }) => client_id },
  {
    id: "reason",
    label: text.reason,
    width: "minmax(6rem, 2fr)",
    render: ({ reason }) => reason || "–",
  },
  { id: "since", label: text.since, width: "8.5rem", wideOnly: true, render: ({ at }) => <Time at={at} /> },
  {
    id: "unban",
    label: "",
    width: "7rem",
    align: "end",
    render: ({ client_id }) => (
      <button
        type="button"
        class="button quiet in-row"
        aria-label={text.unbanLabel(client_id)}
        onClick={() => takeBack(client_id)}
      >
        {text.unban}
      </button>
    ),
  },
];

function BanForm({ onBanned }: { onBanned(): void }) {
  const text = useText(toolText);
  const form = useForm({
    initial: { clients: "", reason: "" },
    schema: v.object({
      clients: v.pipe(
        v.string(),
        v.transform(linesOf),
        v.minLength(1, text.needClient),
        v.maxLength(100, text.tooManyClients),
      ),
      reason: v.pipe(v.string(), v.trim()),
    }),
    onSubmit: async ({ clients, reason }) => {
      await ban(clients, reason);
      say.done(text.banned(clients.length));
      form.set("clients", "");
      onBanned();
    },
  });
  return (
    <Section title={text.banTitle}>
      <form class="stack" onSubmit={(event) => void form.submit(event)}>
        <p class="faint">{text.banHelp}</p>
        <div class="columns">
          <TextArea
            label={text.clients}
            help={text.clientsHelp}
            rows={3}
            value={form.values.clients}
            onChange={(value) => form.set("clients", value)}
            onSubmit={() => void form.submit()}
            error={form.error("clients") ?? form.problem}
          />
          <Field
            label={text.reason}
            help={text.reasonHelp}
            optional
            value={form.values.reason}
            onChange={(value) => form.set("reason", value)}
          />
        </div>
        <div class="actions">
          <Button type="submit" look="danger" busy={form.busy}>
            {text.ban}
          </Button>
        </div>
      </form>
    </Section>
  );
}
