// Sends one message: node send.mjs FROM TO SUBJECT, the text on standard input.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const url = process.env.POSTERN_URL ?? "http://127.0.0.1:8080";

class Failure extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

async function send(message, attempts = 5) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": randomUUID() };
  if (process.env.POSTERN_API_KEY) headers["X-API-Key"] = process.env.POSTERN_API_KEY;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    let wait = attempt;
    try {
      // One key for all attempts: the message goes out once.
      const answer = await fetch(`${url}/messages`, { method: "POST", headers, body: JSON.stringify(message) });
      const body = await answer.json();
      if (answer.status === 200) return body;
      const failure = `${body.title}: ${body.detail}`;
      if (body.outcome === "unknown") {
        throw new Failure(`${failure}\nthe relay may have taken it: look there before sending it again`, 2);
      }
      if (!body.retryable) throw new Failure(failure, 1);
      const after = answer.headers.get("Retry-After");
      if (/^\d+$/.test(after)) wait = Number(after);
      console.error(failure);
    } catch (error) {
      if (error instanceof Failure) throw error;
      console.error(`no answer: ${error.cause?.message ?? error.message}`);
    }
    if (attempt < attempts) await sleep(wait * 1000);
  }
  throw new Failure(`given up after ${attempts} attempts`, 1);
}

const [from, to, subject] = process.argv.slice(2);
try {
  const result = await send({ from, to: [to], subject, text: readFileSync(0, "utf8") });
  console.log(`${result.status}: ${result.code} ${result.text}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = error.exitCode ?? 1;
}
