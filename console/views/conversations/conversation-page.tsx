import { useRoute } from "preact-iso";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { conversationsText } from "./text.ts";

/** One conversation. */
export default function ConversationPage() {
  const text = useText(conversationsText);
  const { params } = useRoute();
  const id = params.id ?? "";
  return (
    <Page title={id} trail={[{ label: text.title, href: "/console/conversations" }]}>
      {null}
    </Page>
  );
}
