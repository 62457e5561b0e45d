// The log of a board: entries on their way to the server, by an address of their own that answers also when no page runs.
//
// Entries are numbered and stay until the server says that it has dealt with them; sent twice, they are written once. With
// nothing to send the log asks every while what others, or the same person in another tab, have called since.
//
// To the server: {log, knows, entries: [{number, act, cell, call, stage, reason, species, flagged, about, text}]}; a "stage" leaves
// the rest of the call as it stands; a flag says what
// is wanted, so that sent twice it is not taken off. From the server: {number, undone, problems, stands, all, calls: {cell: [call,
// stage, reason] or null}, notes: {"cell 12" or "field a.png": [[by, text, own]] or null}}.

const [ASK_MS, AGAIN_MS, WAIT_MS, MOST_AT_ONCE] = [1500, 2500, 20_000, 200];

// `told` is called with each answer and what of it was an answer to entries; `changed` whenever `entries` or `trouble` change;
// `knows` says where the record stood as of the last answer that was taken in, as one may be lost.
function newLog(told, changed, knows) {
  const log = { name: newName(), entries: [], sent: 0, address: null, keep: null, trouble: null };
  let [busy, timer, ending] = [false, null, false];

  log.enter = (entry) => {
    log.sent += 1;
    log.entries.push({ number: log.sent, ...entry });
    keep(log.keep, log.name, log.entries);
    changed();
    log.send();
  };

  // What earlier pages left behind goes first.
  log.begin = (keepName, calls) => {
    log.keep = keepName;
    log.entries = leftBehind(keepName, log.name, calls);
    log.sent = log.entries.length;
  };

  log.send = async () => {
    if (busy || !log.address) return;
    busy = true;
    clearTimeout(timer);
    const sending = log.entries.slice(0, MOST_AT_ONCE);
    const dealtWith = await post(sending);
    busy = false;
    if (ending && !log.entries.length) return;
    changed();
    clearTimeout(timer);
    if (dealtWith && log.entries.length && log.entries[0] !== sending[0]) log.send();
    else timer = setTimeout(askAgain, log.entries.length || log.trouble ? AGAIN_MS : ASK_MS);
  };

  async function post(sending) {
    try {
      const response = await fetch(log.address, {
        method: "POST", headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(WAIT_MS),
        body: JSON.stringify({ log: log.name, knows: knows(), entries: sending }),
      });
      if (!response.ok) {
        log.trouble = response.status === 403 ? "expired" : "unsaved";
        return false;
      }
      const answer = await response.json();
      const dealtWith = log.entries.filter((entry) => entry.number <= answer.number);
      log.trouble = null;
      if (dealtWith.length) {
        log.entries = log.entries.slice(dealtWith.length);
        keep(log.keep, log.name, log.entries);
      }
      told(answer, dealtWith);
      return true;
    } catch {
      log.trouble = "away";
      return false;
    }
  }

  // Nobody reads in a tab that is out of sight; it asks as soon as it is looked at.
  function askAgain() {
    if (log.entries.length || !document.hidden) log.send();
  }
  document.addEventListener("visibilitychange", askAgain);

  // Ask no more; what is still to be sent goes on being sent.
  log.end = () => {
    ending = true;
    if (!log.entries.length) clearTimeout(timer);
    document.removeEventListener("visibilitychange", askAgain);
  };
  return log;
}

function newName() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
