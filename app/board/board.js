// The board at which a reader decides on one cell after another.
//
// A decision shows the next cell at once and goes to the server in a log (log.js), which says what is unsaved.
//
// From the page: data = {board, version, keep, readings, pictures, species, at, blind, cells: [{id, name, score, facts,
// flagged, bars}], calls: {cell: [call, stage, reason]}, notes, stands, methods, words, drawn}; or without cells and what follows
// them, where the board holds the list of that version. To the page: state "seen" = {holds: version, stands}, so that what stands
// beside the board is shown anew; and triggers: "slide" = the cell to be shown on the slide, "alike" = the cell of which more
// alike are wanted.

const LATE_MS = 1500;
const [OWN_SHOWN_MS, OTHERS_SHOWN_MS] = [250, 4000]; // until the page beside shows calls that were made here, or elsewhere
const GONE_MS = 3000;
const HABIT_MS = 1000; // Enter opens a cell of a screen: pressed twice, it must not take over a stage
// The page may take a board away and put it back in the middle of a person's keys, as when all of it runs anew: the board
// stays, with its log, and what was pressed meanwhile is done when it is back.
const boards = (window.smearscopeBoards ??= new Map());

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let board = boards.get(data.board);
  if (!board) boards.set(data.board, (board = newBoard(data)));
  board.seen = () => setStateValue("seen", { holds: board.whole?.version ?? null, stands: board.stands });
  board.toSlide = () => board.at && setTriggerValue("slide", board.at);
  board.alike = () => board.at && setTriggerValue("alike", board.at);
  board.come(parentElement);
  board.take(data);
  return () => board.go(parentElement);
}

function newBoard(first) {
  let parent = null;
  const find = (selector) => parent.querySelector(selector);
  const board = { find, data: first, words: {}, at: null, stands: 0, calls: {}, decided: [], cells: [], waiting: [] };
  const current = board.current = () => board.cells.find((cell) => cell.id === board.at);
  board.address = (kind, cell) => `${board.data.pictures}/${kind}/${encodeURIComponent(cell.id)}`;
  board.log = newLog(told, () => {
    saved();
    if (board.log.trouble === "expired") shownBeside(OWN_SHOWN_MS); // a page that is made anew gives a new address, or says why not
  }, () => board.stands);
  const [view, gallery] = [newCellView(board), newGallery(board, show)];
  const stages = newStages(board, gallery);
  const notes = board.notes = newNotes(board, (cell) => { gallery.mark(cell); if (current()) notes.show(current()); });

  board.come = (place) => {
    clearTimeout(board.gone);
    board.page = window.location.pathname;
    if (parent === place) return;
    parent = place;
    gallery.redraw();
    listen();
  };

  board.go = (place) => {
    if (parent !== place) return;
    clearTimeout(board.gone);
    board.gone = setTimeout(leave, GONE_MS);
  };

  function leave() {
    notes.save();
    board.log.end();
    gallery.end();
    view.end();
    clearTimeout(board.late);
    clearTimeout(board.soon);
    document.removeEventListener("keydown", onKey, true);
    window.removeEventListener("beforeunload", onUnload);
    boards.delete(first.board);
  }

  board.take = (fresh) => {
    if (fresh.cells) {
      board.whole = fresh;
      // What the log has heard since may be newer than the page.
      if (fresh.stands >= board.stands) [board.calls, notes.stand, board.stands] = [fresh.calls, fresh.notes, fresh.stands];
    }
    if (board.whole?.version !== fresh.version) {
      board.whole = null;
      board.seen(); // asks for the whole list
      return;
    }
    const data = board.data = { ...board.whole, ...fresh };
    board.words = data.words;
    board.log.address = data.readings;
    if (!board.log.keep) board.log.begin(data.keep, board.calls);
    board.cells = data.cells.map((cell) => ({ ...cell }));
    called();
    const root = find(".board");
    root.classList.toggle("blind", data.blind);
    root.classList.toggle("dark", isDark(root));
    root.classList.toggle("screens", gallery.screens);
    label();
    const asked = data.alike !== board.alikeTo;
    board.alikeTo = data.alike;
    if (asked) gallery.redraw();
    gallery.draw(asked);
    if (asked && data.alike) board.at = board.cells.find((cell) => !cell.call)?.id ?? board.at;
    if (data.at && data.at !== board.cameFor) board.at = board.cameFor = data.at;
    if (!current()) board.at = null;
    const firstUnread = board.cells.find((cell) => !cell.call)?.id;
    show(board.at ?? data.at ?? firstUnread ?? board.cells[0]?.id ?? null);
    saved();
    board.log.send();
    board.waiting.splice(0).forEach(act);
  };

  // Put on each cell the call that stands, and over it what is still on its way.
  function called() {
    for (const cell of board.cells) [cell.call, cell.stage, cell.reason] = board.calls[cell.id] ?? [null, null, null];
    for (const entry of board.log.entries) {
      const cell = board.cells.find((one) => one.id === entry.cell);
      if (cell) Object.assign(cell, pending(entry));
    }
  }

  function told(answer, dealtWith) {
    const [elsewhere, changes] = [answer.stands !== board.stands && !dealtWith.length, Object.entries(answer.calls)];
    if (answer.all) [board.calls, notes.stand] = [{}, {}];
    for (const [cell, call] of changes) board.calls[cell] = call;
    notes.take(answer.notes);
    board.stands = answer.stands;
    stages.suggested = answer.stages;
    if (dealtWith.length) find(".problems").textContent = answer.problems.join(" ");
    called();
    if (answer.all) board.cells.forEach(mark);
    for (const [id] of changes) {
      const cell = board.cells.find((one) => one.id === id);
      if (cell) mark(cell);
    }
    if (answer.all || Object.keys(answer.notes).length || dealtWith.some((entry) => entry.act === "note")) {
      board.cells.forEach(gallery.mark);
      if (current()) notes.show(current());
    }
    stages.show();
    // An undo whose cell the board knew has shown it already, and the person may be further by now.
    const blindly = dealtWith.some((entry) => entry.number === answer.number && entry.act === "undo" && !entry.cell);
    if (blindly && answer.undone && !board.log.entries.length) show(answer.undone);
    if (dealtWith.length || elsewhere) shownBeside(elsewhere ? OTHERS_SHOWN_MS : OWN_SHOWN_MS);
  }

  // One run of the page for several keys.
  function shownBeside(within) {
    if (board.soon && within > OWN_SHOWN_MS) return;
    clearTimeout(board.soon);
    board.soon = setTimeout(() => { board.soon = null; board.seen(); }, within);
  }

  function act(command) {
    const cell = current();
    const way = { next: 1, previous: -1, below: gallery.across, above: -gallery.across }[command.act];
    if (way) return step(way);
    if (command.act === "screens") return screens();
    if (!cell) return;
    if (command.act === "stage") return stage(stages.offered());
    if (command.act === "undo") return undo();
    if (command.act === "flag") return flag(cell);
    if (command.act === "note") return notes.open(cell);
    if (command.act === "choose") return gallery.choose(cell.id);
    if (command.act === "open") return gallery.screens && screens();
    if (command.act === "rest") return rest(command);
    if (command.act === "alike") return board.data.blind || board.alike();
    if (command.act === "turn") return show(gallery.turnBy(command.by) ?? board.at);
    const chosen = board.cells.filter((one) => gallery.chosen.has(one.id));
    const cells = chosen.length ? chosen : [cell];
    if (meant(command, cells)) call(command, cells);
  }

  function call(command, cells) {
    const said = { call: command.call, stage: command.stage ?? null, reason: command.reason ?? null };
    for (const cell of cells) {
      board.log.enter({ act: "read", cell: cell.id, over: cell.call, ...said, species: board.data.species });
      Object.assign(cell, said);
      mark(cell);
    }
    board.decided.push(cells.map((cell) => cell.id));
    gallery.chosen.clear();
    const last = cells.at(-1).id;
    show(gallery.nextUnread(last) ?? last);
  }

  // Take over the stage that the machine suggests: the cell stands beside it, and the one that is shown stays.
  function stage(cell) {
    if (!cell || !inSight()) return;
    [cell.stage] = stages.suggested[cell.id];
    board.log.enter({ act: "stage", cell: cell.id, over: cell.call, stage: cell.stage });
    mark(cell);
    board.decided.push([cell.id]);
    stages.show();
  }

  // A key that was meant for another cell must change nothing: the cell has to be in sight, and one that has
  // a call keeps it until the key is pressed a second time.
  function meant(command, cells) {
    if (!inSight()) return false;
    const said = (cell) => ["call", "stage", "reason"].every((detail) => (cell[detail] ?? null) === (command[detail] ?? null));
    const called = cells.filter((cell) => cell.call && !said(cell));
    const { words } = board;
    const question = called.length > 1
      ? words.againMany.replace("{count}", called.length)
      : words.again.replace("{name}", called[0]?.name).replace("{call}", words.calls[called[0]?.call]);
    return !called.length || asked(command, called.map((cell) => cell.id).join(), question);
  }

  // What the person is asked before something is done: whether the same key was pressed before for the same.
  function asked(command, about, question) {
    const asking = `${command.key} ${about}`;
    if (board.asked === asking) return true;
    board.asked = asking;
    find(".asked").textContent = question.replace("{key}", shown(command.key));
    return false;
  }

  function inSight() {
    const place = gallery.screens ? find(".gallery") : find(".cell .picture");
    const { top, bottom } = place.getBoundingClientRect();
    const middle = gallery.screens ? top + 40 : (top + bottom) / 2;
    if (middle >= 0 && middle <= window.innerHeight) return true;
    place.scrollIntoView({ block: "center" });
    return false;
  }

  // "The rest of this screen is no parasite": what has no call yet, and is not chosen.
  function rest(command) {
    if (!gallery.screens || !inSight()) return;
    const here = new Set(gallery.onScreen());
    const left = board.cells.filter((cell) => here.has(cell.id) && !cell.call && !gallery.chosen.has(cell.id));
    if (!left.length) return;
    if (!asked(command, left.map((cell) => cell.id).join(), board.words.againRest.replace("{count}", left.length))) return;
    const chosen = [...gallery.chosen];
    call({ call: "not a parasite" }, left);
    if (chosen.length) show(chosen[0]); // they stay chosen, and in sight
    chosen.forEach(gallery.choose);
  }

  function screens() {
    gallery.toggle();
    label();
    if (current()) show(board.at);
  }

  function flag(cell) {
    cell.flagged = !cell.flagged;
    board.log.enter({ act: "flag", cell: cell.id, flagged: cell.flagged });
    show(cell.id);
  }

  // Take back what the last key has called, be it a whole screen.
  function undo() {
    const cells = (board.decided.pop() ?? []).map((id) => board.cells.find((one) => one.id === id)).filter(Boolean);
    if (!cells.length) return board.log.enter({ act: "undo", cell: null });
    for (const cell of cells.toReversed()) {
      board.log.enter({ act: "undo", cell: cell.id, over: cell.call });
      Object.assign(cell, { call: null, stage: null, reason: null });
      mark(cell);
    }
    show(cells[0].id);
  }

  function step(by) {
    const to = gallery.from(by);
    if (to) show(to);
  }

  function show(id) {
    board.at = id;
    board.asked = null;
    find(".asked").textContent = "";
    const cell = current();
    find(".board").dataset.cell = cell ? cell.id : "";
    if (!cell) return;
    view.show(cell);
    notes.show(cell);
    gallery.show(cell);
    stages.show();
  }

  function mark(cell) {
    gallery.mark(cell);
    if (cell.id === board.at) view.mark(cell);
  }

  function label() {
    const { words, data } = board;
    find(".keys").setAttribute("aria-label", words.keys);
    find(".gallery").setAttribute("aria-label", words.gallery);
    find(".around figcaption").textContent = words.around;
    find(".neighbours figcaption").textContent = words.neighbours;
    find(".looks").setAttribute("aria-label", words.looks);
    const names = [words.map, words.over, words.opacity, words.brightness, words.contrast];
    parent.querySelectorAll(".looks label span").forEach((span, index) => { span.textContent = names[index]; });
    find(".reset").textContent = words.reset;
    find(".screens-button").replaceChildren(keyCap("T"), ` ${gallery.screens ? words.oneByOne : words.screens}`);
    gallery.label();
    notes.label();
    find(".slide-button").replaceChildren(keyCap("G"), ` ${words.toSlide}`);
    find(".help-button").replaceChildren(keyCap("?"), ` ${words.help}`);
    find(".help h2").textContent = words.keys;
    find(".advice").textContent = words.advice;
    find(".close").textContent = words.close;
    const method = find(".method");
    if (method.options.length === 0) {
      method.append(...data.methods.map(([name, title]) => new Option(title, name)), new Option(words.off, ""));
    }
    buttons(parent, words, act);
    drawn(parent, words, data.drawn);
  }

  function saved() {
    const { words } = board;
    const [line, waiting, trouble] = [find(".saved"), board.log.entries.length, board.log.trouble];
    line.dataset.waiting = waiting;
    clearTimeout(board.late);
    // Every decision takes a moment: only what takes longer is worth a person's eye.
    if (trouble) unsaved();
    else if (waiting) board.late = setTimeout(unsaved, LATE_MS);
    else line.textContent = board.log.sent ? words.saved : words.ready;
    line.classList.toggle("waiting", waiting > 0 || Boolean(trouble));
  }

  function unsaved() {
    const { words } = board;
    const [waiting, trouble] = [board.log.entries.length, board.log.trouble];
    const troubles = { unsaved: words.unsaved, away: words.away, expired: words.expired };
    const count = waiting ? words.waiting.replace("{count}", waiting) : "";
    find(".saved").textContent = [count, trouble && troubles[trouble]].filter(Boolean).join(" ");
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const focus = event.composedPath()[0];
    if (typedInto(focus)) return;
    if (find("dialog[open]") || !current()) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (focus instanceof HTMLElement && focus.matches("input, select, [role=slider]") && key.startsWith("Arrow")) return;
    if (focus instanceof HTMLElement && focus.matches("button:not(.tile), a, summary, select, input") && (key === " " || key === "Enter")) return;
    if (document.querySelector("[role=dialog]")?.checkVisibility()) return;
    const command = [...(gallery.screens ? SCREEN_KEYS : []), ...KEYS].find((one) => one.key === key);
    if (command?.act === "stage" && Date.now() - gallery.leftAt < HABIT_MS) return event.preventDefault();
    if (command?.act === "stage" && !stages.offered()) return;
    if (!parent.isConnected) {
      if (command && !event.repeat && window.location.pathname === board.page) board.waiting.push(command);
      return;
    }
    if (key === "?") find(".help").showModal();
    else if (LOOKS[key] === "map") view.toggleMap();
    else if (LOOKS[key] === "slide") board.toSlide();
    else if (command && (!event.repeat || MOVES.has(command.act))) act(command);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onUnload(event) {
    if (board.log.entries.length || notes.unsaved()) event.preventDefault();
  }

  function listen() {
    find(".screens-button").onclick = screens;
    find(".slide-button").onclick = () => board.toSlide();
    find(".help-button").onclick = () => find(".help").showModal();
    find(".close").onclick = () => find(".help").close();
    view.listen();
    gallery.listen();
    notes.listen();
    find(".suggested button").onclick = () => stage(stages.offered());
  }

  document.addEventListener("keydown", onKey, true);
  window.addEventListener("beforeunload", onUnload);
  return board;
}

// A box that has just been closed may hold the keyboard a moment longer: nobody types into what is not to be seen.
const typedInto = (focus) => focus instanceof HTMLElement && focus.checkVisibility()
  && focus.matches("input:not([type=range], [type=checkbox]), textarea, [contenteditable=true]");

function pending(entry) {
  if (entry.act === "note") return {};
  if (entry.act === "flag") return { flagged: entry.flagged };
  if (entry.act === "stage") return { stage: entry.stage };
  if (entry.act === "undo") return { call: null, stage: null, reason: null };
  return { call: entry.call, stage: entry.stage, reason: entry.reason };
}

function isDark(element) {
  const [red, green, blue] = (getComputedStyle(element).getPropertyValue("--st-background-color").match(/[0-9a-f]{2}/gi) ?? [])
    .map((part) => parseInt(part, 16));
  return red + green + blue < 384;
}
