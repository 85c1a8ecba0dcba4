import { within } from "./dom.ts";
import type { PushState } from "./push-switch.ts";

/** Offline is without a connection, but not logged out. */
export type State = "waiting" | "connecting" | "online" | "offline" | "loggedOut" | "failed";

/** How far a message has come, from its sender's side. */
export type Progress = "sending" | "stored" | "delivered" | "read" | "failed";

export interface Line {
  id: string;
  from: string;
  text: string;
  timestamp: Date;
}

const stateTexts: Record<State, string> = {
  waiting: "not logged in",
  connecting: "connecting…",
  online: "online",
  offline: "offline",
  loggedOut: "logged out",
  failed: "not connected",
};

const pushTexts: Record<PushState, string> = {
  on: "While I am offline, messages come as notifications.",
  off: "",
  blocked: "This browser blocks notifications from this page.",
};

const ticks: Record<Progress, string> = {
  sending: "…",
  stored: "✓",
  delivered: "✓✓",
  read: "✓✓",
  failed: "✗",
};

/** One person's half of the screen. Knows the page, nothing of the SDK. */
export class Panel {
  readonly #section: HTMLElement;
  readonly #name: string;
  readonly #log: HTMLElement;
  readonly #list: HTMLOListElement;
  readonly #field: HTMLInputElement;
  readonly #notify: HTMLButtonElement;
  readonly #connection: HTMLButtonElement;
  readonly #session: HTMLButtonElement;
  readonly #lines = new Map<string, { item: HTMLLIElement; timestamp: Date }>();

  constructor(parent: HTMLElement, name: string, face: string, friend: string) {
    const template = within(document, "template", "#person");
    const copy = document.importNode(template.content, true);
    this.#section = within(copy, "section");
    this.#section.dataset.testid = this.#section.dataset.person = name;
    this.#section.setAttribute("aria-label", name);
    within(copy, "span", ".face").textContent = face;
    within(copy, "h2").textContent = name;
    this.#name = name;
    this.#log = within(copy, "div", ".messages");
    this.#log.setAttribute("aria-label", `Messages, as ${name} sees them`);
    this.#list = within(copy, "ol");
    this.#field = within(copy, "input");
    this.#field.placeholder = `Write to ${friend}`;
    this.#field.setAttribute("aria-label", `Message from ${name} to ${friend}`);
    this.#notify = within(copy, "button", ".notify");
    this.#connection = within(copy, "button", ".connection");
    this.#session = within(copy, "button", ".session");
    parent.append(copy);
    this.showState("waiting");
  }

  /** Calls back with the text each time the person sends something. */
  onSend(send: (text: string) => void): void {
    within(this.#section, "form").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.#field.value.trim();
      if (text === "") return;
      this.#field.value = "";
      send(text);
    });
  }

  /** Calls back when the person's device is to lose its connection (true) or has one again (false). */
  onConnection(change: (lose: boolean) => void): void {
    this.#connection.addEventListener("click", () => change(this.#section.dataset.state === "online"));
  }

  /** Calls back when the person logs out (true) or in again (false). */
  onSession(change: (end: boolean) => void): void {
    this.#session.addEventListener("click", () => change(this.#section.dataset.state === "online"));
  }

  /** Calls back when the person turns notifications on (true) or off (false). */
  onNotify(change: (on: boolean) => void): void {
    this.#notify.addEventListener("click", () => change(this.#section.dataset.push !== "on"));
  }

  /** Shows whether the person is notified, with the reason why not when there is one to give. */
  showPush(state: PushState | "changing", failure?: string): void {
    this.#section.dataset.push = state;
    this.#notify.hidden = false;
    this.#notify.setAttribute("aria-pressed", String(state === "on"));
    this.#enableNotify();
    const note = state === "changing" ? "" : pushTexts[state];
    within(this.#section, "p", ".note").textContent =
      failure === undefined ? note : `No notifications: ${failure}`;
  }

  #enableNotify(): void {
    const { state, push } = this.#section.dataset;
    this.#notify.disabled = state !== "online" || push === "changing" || push === "blocked";
  }

  /** Shows the connection, with the reason when there is one to give. */
  showState(state: State, reason?: string): void {
    this.#section.dataset.state = state;
    const text = within(this.#section, "p", ".state");
    text.textContent = stateTexts[state];
    text.title = reason ?? "";
    this.#connection.textContent = state === "offline" ? "Go online" : "Go offline";
    this.#connection.disabled = state !== "online" && state !== "offline";
    this.#session.textContent = state === "loggedOut" || state === "failed" ? "Log in" : "Log out";
    this.#session.disabled = state === "waiting" || state === "connecting" || state === "offline";
    this.#enableNotify();
    for (const control of this.#section.querySelectorAll<HTMLInputElement | HTMLButtonElement>("form > *")) {
      control.disabled = state !== "online";
    }
    if (reason !== undefined) this.#notice(reason);
  }

  showMembers(members: string[]): void {
    within(this.#section, "p", ".members").textContent = `Members: ${members.toSorted().join(", ")}`;
  }

  /** Adds a line where its time puts it; one that is there already stays. */
  showLine(line: Line): void {
    if (this.#lines.has(line.id)) return;
    const item = this.#item(line.from, line.text, line.timestamp);
    const later = [...this.#lines.values()]
      .filter(({ timestamp }) => timestamp > line.timestamp)
      .sort((a, b) => a.timestamp.getTime() - b.timestamp.getTime())[0];
    this.#list.insertBefore(item, later?.item ?? this.#list.querySelector(".pending"));
    this.#lines.set(line.id, { item, timestamp: line.timestamp });
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  /** Adds a message that is being sent; the returned function removes it, or shows why it was not sent. */
  showPending(text: string): (failure?: string) => void {
    const item = this.#item(this.#name, text, new Date());
    item.classList.add("pending");
    setProgress(item, "sending");
    this.#list.append(item);
    this.#log.scrollTop = this.#log.scrollHeight;
    return (failure) => {
      if (failure === undefined) return item.remove();
      setProgress(item, "failed");
      this.#notice(`Not sent: ${failure}`);
    };
  }

  /** Shows how far this person's own messages have come. */
  showProgress(delivered: Date | undefined, read: Date | undefined): void {
    for (const { item, timestamp } of this.#lines.values()) {
      if (!item.classList.contains("own")) continue;
      const isRead = read !== undefined && timestamp <= read;
      const isDelivered = delivered !== undefined && timestamp <= delivered;
      setProgress(item, isRead ? "read" : isDelivered ? "delivered" : "stored");
    }
  }

  #item(from: string, text: string, time: Date): HTMLLIElement {
    const template = within(document, "template", "#line");
    const item = within(document.importNode(template.content, true), "li");
    item.classList.toggle("own", from === this.#name);
    within(item, "p").textContent = text;
    const small = within(item, "small");
    small.prepend(`${from}, ${time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
    return item;
  }

  #notice(text: string): void {
    const item = document.createElement("li");
    item.className = "notice";
    item.textContent = text;
    this.#list.append(item);
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}

function setProgress(item: HTMLLIElement, progress: Progress): void {
  const tick = within(item, "span");
  tick.textContent = ticks[progress];
  tick.title = progress;
  tick.setAttribute("aria-label", progress);
  tick.dataset.progress = progress;
}
