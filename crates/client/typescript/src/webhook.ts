// Verification of webhooks, by the Standard Webhooks specification.
import type { components } from "./schema.d.ts";

export type WebhookMessage = components["schemas"]["WebhookMessage"];

/** Why a message is refused: answer with 400, and do nothing. */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
  readonly reason: "secret" | "header" | "time" | "signature" | "body";

  constructor(reason: WebhookError["reason"]) {
    super(`the webhook is refused: ${reason}`);
    this.reason = reason;
  }
}

/** How far the time of a message may be from this machine's clock. */
const TOLERANCE_SECONDS = 300;

/**
 * The message, if it is genuine: one of the secrets signed it. Two secrets are needed while one replaces the other. `header`
 * gives the value of a header by its lower-case name, and `body` is the body as it arrived, byte for byte.
 */
export async function verifyWebhook(
  secrets: readonly string[],
  header: (name: string) => string | null | undefined,
  body: Uint8Array | string,
  nowSeconds: number = Math.floor(Date.now() / 1000),
): Promise<WebhookMessage> {
  const keys = await Promise.all(secrets.map(importSecret));
  if (keys.length === 0) throw new WebhookError("secret");
  const read = (name: string): string => {
    const value = header(name);
    if (value === null || value === undefined) throw new WebhookError("header");
    return value;
  };
  const [id, timestamp, signature] = [read("webhook-id"), read("webhook-timestamp"), read("webhook-signature")];
  if (!/^\d{1,15}$/.test(timestamp)) throw new WebhookError("header");
  if (Math.abs(Number(timestamp) - nowSeconds) > TOLERANCE_SECONDS) throw new WebhookError("time");
  const text = new TextEncoder();
  const bytes = typeof body === "string" ? text.encode(body) : body;
  const head = text.encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.length + bytes.length);
  signed.set(head);
  signed.set(bytes, head.length);
  if (!(await isSigned(keys, signature, signed))) throw new WebhookError("signature");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as WebhookMessage;
  } catch {
    throw new WebhookError("body");
  }
}

async function isSigned(keys: CryptoKey[], signature: string, signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  for (const part of signature.split(" ")) {
    const bytes = part.startsWith("v1,") ? decodeBase64(part.slice(3)) : undefined;
    for (const key of bytes === undefined ? [] : keys) {
      // `verify` takes the same time wherever the first difference is.
      if (bytes !== undefined && (await crypto.subtle.verify("HMAC", key, bytes, signed))) return true;
    }
  }
  return false;
}

async function importSecret(secret: string): Promise<CryptoKey> {
  const bytes = decodeBase64(secret.startsWith("whsec_") ? secret.slice(6) : secret);
  if (bytes === undefined || bytes.length === 0) throw new WebhookError("secret");
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  // `atob` also reads text without padding and with white space in it.
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
}
