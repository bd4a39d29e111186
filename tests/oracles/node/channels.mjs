// The same for kits that are written for Node: their checks of signatures, beside the plugins'; and a client of server-sent
// events by others at the web channel's stream.
//
// Usage: node channels.mjs DIRECTORY, where the command `wane` and the plugins were built. Packages are found from the working
// directory on.

import { execFileSync, spawn } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const find = createRequire(join(process.cwd(), "here.js"));
const take = async (name) => import(pathToFileURL(find.resolve(name)));
const { validateSignature } = await take("@line/bot-sdk");
const twilio = (await take("twilio")).default;
const { WhatsAppAPI } = await take("whatsapp-api-js");
const vonage = await take("@vonage/jwt");
const { EventSource } = await take("eventsource");

const built = resolve(process.argv[2]);
const secret = "oracle-secret-0123456789";
const at = 1772355600250;
let passed = 0;
let failed = 0;

function check(name, good, told = "") {
  good ? passed++ : failed++;
  console.log(good ? `ok   ${name}` : `FAIL ${name}: ${JSON.stringify(told)}`);
}

/** What `wane plugin translate` makes of a request. */
function wane(channel, config, headers, body, url = `https://hooks.example/${channel}`) {
  const dir = mkdtempSync(join(tmpdir(), "oracle-"));
  try {
    writeFileSync(join(dir, "request.json"), JSON.stringify({ method: "POST", url, now_ms: at + 500 }));
    writeFileSync(join(dir, "headers.txt"), Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`).join(""));
    writeFileSync(join(dir, "body.bin"), body);
    writeFileSync(join(dir, "secret.json"), JSON.stringify(config));
    const plugin = join(built, `libwane_channel_${channel}.so`);
    return JSON.parse(execFileSync(join(built, "wane"), ["plugin", "translate", plugin, dir], { timeout: 60000 }));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

// 400 is for a body that is no text any more, which is seen before its signature.
const refused = (said) => [400, 401].includes(said.status) && said.events.length === 0;

/** The body with one bit changed, for some bits all over it. */
function* changes(body) {
  for (let bit = 0; bit < body.length * 8; bit += Math.max(1, Math.floor((body.length * 8) / 7))) {
    const changed = Buffer.from(body);
    changed[bit >> 3] ^= 1 << (bit & 7);
    yield [bit, changed];
  }
}

/** A good request is accepted by both, and each changed one is judged alike; `theirs(body)` is the kit's verdict. */
async function judged(name, channel, config, headers, body, theirs, url) {
  check(`${name}: the kit accepts`, await theirs(body));
  const said = wane(channel, config, headers, body, url);
  check(`${name}: accepted`, said.verify === "accept" && said.status === 200 && said.events.length === 1, said);
  for (const [bit, changed] of changes(body)) {
    const both = [refused(wane(channel, config, headers, changed, url)), !(await theirs(changed))];
    check(`${name}: bit ${bit} changed is refused by both`, both[0] && both[1], both);
  }
}

async function line() {
  const event = {
    type: "message", mode: "active", timestamp: at, source: { type: "user", userId: "U" + "7e".repeat(16) }, replyToken: "r1",
    webhookEventId: "01KJORACLE0001", deliveryContext: { isRedelivery: false },
    message: { id: "7", type: "text", text: "Grüße 😀", quoteToken: "q" },
  };
  const body = Buffer.from(JSON.stringify({ destination: "U" + "0b".repeat(16), events: [event] }));
  const signature = createHmac("sha256", secret).update(body).digest("base64");
  const config = { scheme: "line-hmac-sha256-base64", channel_secret: secret };
  await judged("line", "line", config, { "x-line-signature": signature }, body, (body) => validateSignature(body, secret, signature));
}

async function whatsapp() {
  const value = {
    messaging_product: "whatsapp", metadata: { display_phone_number: "4930901820", phone_number_id: "77000222" },
    contacts: [{ profile: { name: "N" }, wa_id: "4915112345678" }],
    messages: [{ id: "wamid.T", type: "text", text: { body: "hello" }, from: "4915112345678", timestamp: "1772355600" }],
  };
  const entry = [{ id: "5", changes: [{ field: "messages", value }] }];
  const body = Buffer.from(JSON.stringify({ object: "whatsapp_business_account", entry }));
  const signature = "sha256=" + createHmac("sha256", secret).update(body).digest("hex");
  const kit = new WhatsAppAPI({ token: "t", appSecret: secret, webhookVerifyToken: "v", v: "v23.0" });
  const theirs = (body) => kit.verifyRequestSignature(body.toString("utf8"), signature);
  const config = { scheme: "meta-x-hub-signature-256", app_secret: secret };
  await judged("whatsapp", "whatsapp", config, { "X-Hub-Signature-256": signature }, body, theirs);
}

async function sms() {
  const url = "https://hooks.example/sms?shop=7";
  const form = { MessageSid: "SM01", From: "+4915112345678", To: "+4930901820", NumMedia: "0", Body: "hello there" };
  const body = Buffer.from(new URLSearchParams(form).toString());
  const signature = twilio.getExpectedTwilioSignature(secret, url, form);
  const headers = { "Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature };
  const theirs = (body) => twilio.validateRequest(secret, signature, url, Object.fromEntries(new URLSearchParams(body.toString("latin1"))));
  await judged("sms, Twilio", "sms", { scheme: "twilio", auth_token: secret }, headers, body, theirs, url);

  const message = {
    channel: "sms", message_uuid: "u-1", to: "4930901820", from: "4915112345678", message_type: "text",
    timestamp: "2026-03-01T09:00:00Z", text: "hello",
  };
  const json = Buffer.from(JSON.stringify(message));
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const digest = (body) => createHash("sha256").update(body).digest("hex");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ iat: Math.floor(at / 1000), payload_hash: digest(json) })}`;
  const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  // Its check is of the token alone; that the body is the one in the token is for its user to see.
  const known = (body) => vonage.verifySignature(token, secret) && digest(body) === digest(json);
  const config = { scheme: "vonage-signed-webhook", signature_secret: secret };
  await judged("sms, Vonage", "sms", config, { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, json, known);
}

/** Starts a service of its own, and gives its address and how to end it. */
async function service() {
  const dir = mkdtempSync(join(tmpdir(), "oracle-"));
  const config = join(dir, "wane.toml");
  const rules = resolve(import.meta.dirname, "../../../rules");
  writeFileSync(config, `listen = "127.0.0.1:0"\ndata = ${JSON.stringify(join(dir, "data"))}\nplugins = ${JSON.stringify(built)}\n` +
    `[rules]\ndir = ${JSON.stringify(rules)}\n[channels.web]\nplugin = "wane_channel_web"\n`);
  const child = spawn(join(built, "wane"), ["serve", "--config", config], { cwd: dir, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.on("exit", done));
  const first = await new Promise((heard, lost) => {
    child.stdout.once("data", (text) => heard(String(text)));
    child.on("exit", (code) => lost(new Error(`the service ended with ${code}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(dir, { recursive: true });
  };
  return [`http://${/:\/\/(\S+)/.exec(first)[1]}`, stop];
}

/** The stream of a customer, as a client that others wrote reads it. */
async function stream() {
  const [base, stop] = await service();
  try {
    const json = { "content-type": "application/json" };
    const api = `${base}/iamessage/api/v2`;
    const asked = { orgId: "00D000000000001", esDeveloperName: "shop", capabilitiesVersion: "1", platform: "Web" };
    const answer = await fetch(`${api}/authorization/unauthenticated/access-token`, { method: "POST", headers: json, body: JSON.stringify(asked) });
    const { accessToken, lastEventId } = await answer.json();
    check("web: a token", answer.status === 200 && accessToken, answer.status);
    const authorization = `Bearer ${accessToken}`;
    const seen = [];
    const listen = (last) => {
      const headers = { authorization, "x-org-id": asked.orgId };
      const more = last === undefined ? {} : { "last-event-id": last };
      const source = new EventSource(`${base}/eventrouter/v1/sse`, {
        fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...headers, ...more } }),
      });
      source.addEventListener("CONVERSATION_MESSAGE", (event) => seen.push(event));
      return source;
    };
    const until = async (what, count) => {
      for (let tries = 0; seen.length < count && tries < 600; tries++) await new Promise((next) => setTimeout(next, 50));
      check(`web: ${what}`, seen.length === count, seen.length);
    };
    const conversationId = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    const post = (path, body) => fetch(api + path, { method: "POST", headers: { ...json, authorization }, body: JSON.stringify(body) });
    const write = (id) => post(`/conversation/${conversationId}/message`, {
      esDeveloperName: "shop",
      message: { id, messageType: "StaticContentMessage", staticContent: { formatType: "Text", text: "hello" } },
    });
    const made = await post("/conversation", { conversationId, esDeveloperName: "shop" });
    check("web: a conversation", made.ok, [made.status, await made.text()]);
    const first = listen(lastEventId);
    const written = await write("16fd2706-8baf-433b-82eb-8c7fada847da");
    check("web: a message", written.ok, [written.status, await written.text()]);
    await until("the client hears it on its stream", 1);
    first.close();
    await write("16fd2706-8baf-433b-82eb-8c7fada847db");
    const again = listen(seen[0]?.lastEventId);
    await until("and after a break goes on where it was", 2);
    again.close();
    check("web: each once, in order", seen.length === 2 && seen[0].lastEventId !== seen[1].lastEventId, seen.map((event) => event.lastEventId));
    const stranger = new EventSource(`${base}/eventrouter/v1/sse`);
    const code = await new Promise((told) => stranger.addEventListener("error", (error) => told(error.code)));
    check("web: a stranger is turned away, and does not come again", code >= 400 && stranger.readyState === EventSource.CLOSED, code);
    stranger.close();
  } finally {
    await stop();
  }
}

await line();
await whatsapp();
await sms();
await stream();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || passed < 45 ? 1 : 0;
