/** What a notification shows, as `showNotification` takes it. */
export interface Shown {
  title: string;
  options: { body?: string; icon?: string; badge?: string; tag?: string };
}

/**
 * What to show for what Parley pushed: the content's keys as LeanMessage has them (`title`, and `alert` as a text or
 * as Apple's object) and the push's `_id`. By that a push that comes twice takes the place of itself. Something is
 * shown whatever came, since browsers forbid pushes that show nothing.
 */
export function shownFor(content: unknown): Shown {
  const { title, alert, icon, badge, _id: id } = fieldsOf(content);
  const inAlert = fieldsOf(alert);
  return {
    title: textOf(title) ?? textOf(inAlert.title) ?? "Parley",
    options: {
      body: textOf(alert) ?? textOf(inAlert.body),
      // Of other platforms these are the name of an icon in the app, and the number on it.
      icon: addressOf(icon),
      badge: addressOf(badge),
      tag: textOf(id),
    },
  };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const addressOf = (value: unknown): string | undefined =>
  typeof value === "string" && /^(https:|\/)/.test(value) ? value : undefined;
