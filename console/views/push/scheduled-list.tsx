import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { consolePath } from "../../ui/address.ts";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { wordsOf } from "./content.ts";
import { notificationText } from "./notification-text.ts";
import { cancelScheduled, listScheduled, type Scheduled } from "./push-queries.ts";
import { pushText, reasonOf } from "./text.ts";

const LATER = `curl -X POST ${location.origin}/1.1/push \\
  -H "X-LC-Id: $APP_ID" -H "X-LC-Key: $MASTER_KEY,master" \\
  -H "Content-Type: application/json" \\
  -d '{"channels": ["Jerry"], "data": {"alert": "Breakfast!"}, "push_time": "2027-01-01T07:00:00.000Z"}'`;

/** Notifications that wait for their time, with a way to take each back. */
export function ScheduledList() {
  const text = useText(notificationText);
  const { failed } = useText(pushText);
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ["push", "scheduled"],
    queryFn: ({ signal }) => listScheduled(signal),
  });
  const cancel = async ({ id, push_msg: { msg } }: Scheduled): Promise<void> => {
    const question = {
      title: text.cancelTitle,
      text: text.cancelText(wordsOf(msg) ?? String(id)),
      action: text.cancelAction,
    };
    if (!(await confirm(question))) return;
    try {
      await cancelScheduled(id);
      say.done(text.cancelled);
    } catch (error) {
      say.failed(failed, reasonOf(error));
    }
    await queries.invalidateQueries({ queryKey: ["push"] });
  };
  return (
    <Answered query={query}>
      {(rows) => (
        <DataTable
          label={text.scheduledList}
          columns={columnsOf(text, (row) => void cancel(row))}
          rows={rows}
          keyOf={({ id }) => String(id)}
          hrefOf={({ push_msg: { id } }) => consolePath("push", "notifications", id)}
          empty={
            <Empty title={text.noScheduled} example={LATER}>
              {text.noScheduledHelp}
            </Empty>
          }
        />
      )}
    </Answered>
  );
}

type Text = (typeof notificationText)["en"];

const columnsOf = (text: Text, cancel: (row: Scheduled) => void): Column<Scheduled>[] => [
  {
    id: "message",
    label: text.message,
    width: "minmax(7rem, 2fr)",
    value: ({ push_msg: { msg } }) => wordsOf(msg),
    render: ({ push_msg: { msg } }) => wordsOf(msg) ?? <span class="faint">{text.noWords}</span>,
  },
  {
    id: "due",
    label: text.due,
    width: "8.5rem",
    value: ({ expire_time: at }) => at,
    render: ({ expire_time: at }) => <Time at={at} />,
  },
  {
    id: "where",
    label: text.where,
    width: "minmax(0, 2fr)",
    wideOnly: true,
    render: ({ push_msg: { where } }) =>
      where === undefined || Object.keys(where).length === 0 ? "–" : <code>{JSON.stringify(where)}</code>,
  },
  {
    id: "environment",
    label: text.environment,
    width: "7rem",
    wideOnly: true,
    render: ({ push_msg: { prod } }) => prod,
  },
  {
    id: "cancel",
    label: "",
    width: "5.5rem",
    align: "end",
    render: (row) => (
      <Button look="quiet" onClick={() => cancel(row)}>
        {text.cancel}
      </Button>
    ),
  },
];
