import { randomUUID } from "node:crypto";

/** A subscription as Google's push service knows it. */
export interface Registration {
  /** The browser's number. */
  device: string;
  /** The browser's program, and the page and worker inside it. */
  app: string;
  subtype: string;
  /** The public key of the server that may push, in base64url. */
  sender: string;
}

/** What browsers subscribed to, by the tokens at the ends of their endpoints. */
export class Registrations {
  readonly #byToken = new Map<string, Registration>();

  /** Answers a browser's form: a token for what it registers, or takes away. */
  answer(form: URLSearchParams): string {
    const field = (name: string) => form.get(name) ?? "";
    const asked = {
      device: field("device"),
      app: field("app"),
      subtype: field("X-subtype"),
      sender: field("sender"),
    };
    return `token=${form.has("delete") ? this.#remove(asked) : this.#add(asked)}`;
  }

  find(token: string): Registration | undefined {
    return this.#byToken.get(token);
  }

  #add(registration: Registration): string {
    const token = `${randomUUID()}:APA91b`;
    this.#byToken.set(token, registration);
    return token;
  }

  #remove({ device, subtype }: Registration): string {
    for (const [token, known] of this.#byToken) {
      if (known.device !== device || known.subtype !== subtype) continue;
      this.#byToken.delete(token);
      return token;
    }
    return "";
  }
}
