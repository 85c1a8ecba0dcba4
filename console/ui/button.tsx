import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export interface ButtonProps {
  children: ComponentChildren;
  onClick?: (() => void) | undefined;
  /** `danger` destroys something; `quiet` is for tools that stand by the dozen. */
  look?: "plain" | "main" | "danger" | "quiet";
  icon?: IconName;
  type?: "button" | "submit";
  disabled?: boolean;
  /** It is at work: it cannot be pressed again. */
  busy?: boolean;
}

export function Button({
  children,
  onClick,
  look = "plain",
  icon,
  type = "button",
  disabled,
  busy,
}: ButtonProps) {
  return (
    <button
      type={type}
      class={`button ${look}`}
      disabled={disabled || busy}
      aria-busy={busy}
      onClick={onClick && (() => onClick())}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A button that is a picture alone, with its name for those who do not see it. */
export function IconButton(props: { icon: IconName; label: string; onClick(): void }) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={props.label}
      title={props.label}
      onClick={() => props.onClick()}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({
  href,
  children,
  look = "plain",
}: {
  href: string;
  children: ComponentChildren;
  look?: "plain" | "main";
}) {
  return (
    <a class={`button ${look}`} href={href}>
      <span>{children}</span>
    </a>
  );
}
