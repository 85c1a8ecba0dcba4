import type { OpenConversation } from "../assemble-conversation.ts";
import type { Inspected, Inspection, Inspections } from "./inspection-calls.ts";
import { memberMarks } from "./member-marks.ts";
import { inspectMessage } from "./message-recipients.ts";

const inspections: {
  [Name in Inspection]: (
    open: OpenConversation,
    asked: Inspections[Name]["asked"],
  ) => Promise<Inspected<Name>>;
} = {
  marks: memberMarks,
  message: inspectMessage,
  recipient: async ({ state }, { clientId }) => {
    const [recipient] = state.recipientsOf({ from: "", to: [clientId] });
    return { isMember: state.isMember(clientId), muted: recipient?.muted ?? false };
  },
};

export function inspect<Name extends Inspection>(
  open: OpenConversation,
  name: Name,
  asked: Inspections[Name]["asked"],
): Promise<Inspected<Name>> {
  return inspections[name](open, asked);
}
