import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/state.tsx";
import { usersText } from "./text.ts";

export default function UsersPage() {
  const text = useText(usersText);
  return (
    <Page title={text.title}>
      <Empty title={text.soon} />
    </Page>
  );
}
