// Shows whether each part is healthy, which model answers, and how to ask it.
const SECONDS = 5;
const HEALTHY = "healthy", UNHEALTHY = "unhealthy", OFF = "off", UNKNOWN = "unknown";

const one = (selector) => document.querySelector(selector);

/** A part's answer as {ok, data}; ok is false if there is none. */
async function ask(name) {
  try {
    const reply = await fetch(`/status/${name}`, { signal: AbortSignal.timeout(8000) });
    const text = await reply.text();
    const json = (reply.headers.get("Content-Type") ?? "").includes("json");
    return { ok: reply.ok, data: json ? JSON.parse(text) : null };
  } catch {
    return { ok: false, data: null };
  }
}

/** Create an element with text, never with markup: what parts answer is data. */
function element(tag, text, ...children) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function show(part, state, more = "") {
  const box = one(`[data-part=${part}]`);
  box.className = [HEALTHY, UNHEALTHY].includes(state) ? state : "";
  if (!box.querySelector(".state")) {
    const line = element("p");
    line.className = "state";
    box.querySelector("h3").after(line);
  }
  const line = box.querySelector(".state"), text = more ? `${state}, ${more}` : state;
  if (line.textContent !== text) line.textContent = text;
  return state;
}

function optional(part, answer) {
  if (answer.ok) return show(part, HEALTHY);
  if ("off" in one(`[data-part=${part}]`).dataset) return show(part, OFF, "add it to COMPOSE_PROFILES in .env");
  return show(part, UNHEALTHY, `see docker compose logs ${part}`);
}

function ago(time) {
  const seconds = (new Date(time) - Date.now()) / 1000, size = Math.abs(seconds);
  const [unit, length] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, length]) => size >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / length), unit);
}

/** The pipeline's page knows the state of its daemon, its code and its database. */
function pipelines({ ok, data }) {
  if (!ok) return [show("processing", UNHEALTHY, "its page does not answer"), show("database", UNKNOWN)];
  const found = data?.data, daemons = found?.instance?.daemonHealth?.allDaemonStatuses;
  if (!daemons) return [show("processing", UNKNOWN), show("database", UNHEALTHY, "see docker compose logs database")];
  const ticks = daemons.every((daemon) => daemon.healthy || !daemon.required);
  const entries = found.workspaceOrError.locationEntries ?? [];
  const loads = entries.length > 0 && entries.every((entry) => entry.locationOrLoadError?.__typename === "RepositoryLocation");
  const why = !ticks ? "the daemon sends no heartbeat" : !loads ? "its code does not load" : lastRun(found.runsOrError.results?.[0]);
  return [show("processing", ticks && loads ? HEALTHY : UNHEALTHY, why), show("database", HEALTHY)];
}

function lastRun(run) {
  if (!run) return "no run yet";
  if (!run.endTime) return "a run is in progress";
  return `last run ${run.status === "SUCCESS" ? "succeeded" : run.status.toLowerCase()} ${ago(run.endTime * 1000)}`;
}

function prediction({ ok, data }) {
  if (!ok) return show("prediction", UNHEALTHY, data?.detail ?? "no replica answers");
  return show("prediction", HEALTHY, data.model ? "" : "no model yet");
}

const words = (name) => name.replaceAll("_", " ");
const figure = (value) => Number(value).toLocaleString("en", { maximumSignificantDigits: 3 });
const day = (text) => String(text).slice(0, 10);

function unit(card, name) {
  return card.task === "regression" && name.includes("error") ? (card.outcome.unit ?? "") : "";
}

function figures(card) {
  const list = element("dl");
  list.className = "figures";
  for (const [name, value] of Object.entries(card.metrics)) {
    const shown = element("dd", `${figure(value)} `, element("small", unit(card, name)));
    list.append(element("div", "", element("dt", words(name)), shown));
  }
  return list;
}

function facts(card, promoted) {
  const list = element("dl");
  list.className = "facts";
  const rows = {
    "Answers": card.outcome.unit ? `${words(card.outcome.name)}, in ${card.outcome.unit}` : words(card.outcome.name),
    "Trained on": `${day(card.window.from)} to ${day(card.window.to)}`,
    "Rows": card.rows.training.toLocaleString("en"),
    "Evaluated on": `${day(card.judged_on.from)} to ${day(card.judged_on.to)}`,
    "Promoted": promoted ? ago(promoted) : UNKNOWN,
  };
  for (const [name, text] of Object.entries(rows)) list.append(element("dt", name), element("dd", text));
  return list;
}

function command(question) {
  const spaced = JSON.stringify(question, null, 1).replace(/\n\s*/g, " "); // lets long lines break between fields
  const body = spaced.replaceAll("'", "'\\''");
  return [`curl ${location.origin}/v1/predict`, '-H "Authorization: Bearer $API_KEY"', '-H "Content-Type: application/json"', `-d '${body}'`].join(" \\\n  ");
}

function model({ ok, data: card }, promoted) {
  if (!ok) {
    one("#card").replaceChildren(element("p", card?.detail ?? "Prediction does not answer."));
    one("#curl").textContent = command({ "…": "…" });
    one("#answer").textContent = "";
    return;
  }
  const version = element("p", card.version);
  version.className = "version";
  one("#card").replaceChildren(version, figures(card), facts(card, promoted));
  const text = command(card.example.question);
  if (one("#curl").textContent !== text) one("#curl").textContent = text;
  one("#answer").textContent = `This model answers ${answerText(card.example.answer, card.outcome)}.`;
}

/** Format an answer: a number with its unit, or a class with its probability. */
function answerText(answer, outcome) {
  if (typeof answer === "number") return `${figure(answer)} ${outcome.unit ?? ""}`.trim();
  const { prediction, probabilities } = answer;
  return `${prediction}, with a probability of ${(100 * probabilities[prediction]).toFixed(1)} %`;
}

function alerts({ ok, data }) {
  const firing = ok ? data.data.alerts.filter((alert) => alert.state === "firing" && alert.labels.kind !== "heartbeat") : [];
  const lines = firing.map(({ annotations, labels }) =>
    element("li", annotations.summary ?? labels.alertname, element("span", annotations.action ?? annotations.description ?? "")));
  one("#firing").replaceChildren(...lines);
}

/** What the machine has left, as monitoring measures it; nothing where that is off. */
function machine({ ok, data }) {
  const left = Object.fromEntries((ok ? data.data.result : []).map(({ metric, value }) => [metric.of, `${Math.round(100 * value[1])} %`]));
  const lines = [["disk", left.bytes], ["files that it can still hold", left.inodes], ["memory", left.memory]].filter(([, share]) => share);
  one("#machine").textContent = lines.length ? `Left on this machine: ${lines.map((line) => line.join(" ")).join(", ")}.` : "";
}

function overall(states) {
  const unhealthy = states.filter((state) => state === UNHEALTHY).length, box = one("#overall");
  const text = unhealthy === 0 ? "All healthy" : unhealthy === 1 ? "One part is unhealthy" : `${unhealthy} parts are unhealthy`;
  box.className = unhealthy ? "pill unhealthy" : "pill healthy";
  if (box.textContent !== text) box.textContent = text;
  one("#seen").textContent = `Last refreshed at ${new Date().toLocaleTimeString()}.`;
}

async function refresh() {
  const names = ["prediction", "model", "pipelines", "storage", "jupyterlab", "dashboard", "monitoring", "logs", "alerts", "machine"];
  const asked = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await ask(name)])));
  const reachable = Object.values(asked).some((answer) => answer.ok || answer.data);
  model(asked.model, asked.prediction.data?.promoted);
  alerts(asked.alerts);
  machine(asked.machine);
  overall([
    show("gateway", reachable ? HEALTHY : UNHEALTHY),
    prediction(asked.prediction),
    ...pipelines(asked.pipelines),
    show("storage", asked.storage.ok ? HEALTHY : UNHEALTHY),
    ...["jupyterlab", "dashboard", "monitoring", "logs"].map((part) => optional(part, asked[part])),
  ]);
}

async function keepRefreshing() {
  if (!document.hidden) await refresh();
  setTimeout(keepRefreshing, SECONDS * 1000);
}

one("#copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(one("#curl").textContent);
  one("#copy").textContent = "Copied";
  setTimeout(() => { one("#copy").textContent = "Copy"; }, 2000);
});

keepRefreshing();
