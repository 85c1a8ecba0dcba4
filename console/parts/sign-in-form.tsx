import { useState } from "preact/hooks";
import { ApiError } from "../api/api-error.ts";
import { signIn } from "../api/session.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { texts, useText } from "../ui/language.ts";

export const signInText = texts({
  en: {
    title: "Sign in",
    lead: "The console of this Parley server opens with its master key.",
    key: "Master key",
    keyHelp: "MASTER_KEY of the server; it is sent once, and not kept in this browser.",
    name: "Your name",
    nameHelp: "It stands in the audit log beside what you change.",
    button: "Sign in",
    wrong: "This is not the master key.",
    tooMany: (seconds: number) => `Too many tries from your address. Try again in ${seconds} seconds.`,
    needed: "Type the master key.",
    endedTitle: "Your session has ended",
    ended: "Sign in again: this page stays as it is.",
  },
  zh: {
    title: "登录",
    lead: "使用主密钥（Master Key）打开此 Parley 服务器的控制台。",
    key: "主密钥",
    keyHelp: "服务器的 MASTER_KEY；只发送一次，不会保存在浏览器中。",
    name: "您的名字",
    nameHelp: "会与您所做的修改一起记录在审计日志中。",
    button: "登录",
    wrong: "主密钥不正确。",
    tooMany: (seconds: number) => `来自您地址的尝试次数过多，请在 ${seconds} 秒后重试。`,
    needed: "请输入主密钥。",
    endedTitle: "会话已结束",
    ended: "请重新登录：当前页面会保持不变。",
  },
});

/** Asks for the master key. */
export function SignInForm({ onSignedIn }: { onSignedIn(): void }) {
  const text = useText(signInText);
  const [key, setKey] = useState("");
  const [name, setName] = useState("");
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const problemOf = (error: unknown): string => {
    if (!(error instanceof ApiError)) return String(error);
    if (error.status === 401) return text.wrong;
    return error.status === 429 ? text.tooMany(error.retryAfter ?? 60) : error.message;
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (state.busy) return;
    if (key === "") return setState({ busy: false, problem: text.needed });
    setState({ busy: true });
    try {
      // Keys are copied out of files, often with the end of the line.
      await signIn(key.trim(), name.trim());
      onSignedIn();
    } catch (error) {
      setState({ busy: false, problem: problemOf(error) });
    }
  };
  return (
    <form class="sign-in-form" onSubmit={(event) => void submit(event)}>
      <Field
        label={text.key}
        type="password"
        autocomplete="current-password"
        autofocus
        value={key}
        onChange={setKey}
        help={text.keyHelp}
        error={state.problem}
      />
      <Field
        label={text.name}
        optional
        autocomplete="name"
        value={name}
        onChange={setName}
        help={text.nameHelp}
      />
      <Button type="submit" look="main" busy={state.busy}>
        {text.button}
      </Button>
    </form>
  );
}
