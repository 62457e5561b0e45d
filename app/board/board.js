// The board at which a reader decides on one cell after another.
//
// A decision shows the next cell at once and goes to the server in a log (log.js), which says what is unsaved.
//
// From the page: data = {board, version, keep, readings, pictures, species, at, blind, cells: [{id, name, score, facts,
// flagged, bars}], calls: {cell: [call, stage, reason]}, stands, methods, words}; or without cells and what follows them,
// where the board holds the list of that version. To the page: state "seen" = {holds: version, stands}, so that what stands
// beside the board is shown anew; and trigger "slide" = the cell to be shown on the slide.

const AHEAD = 4;
const LATE_MS = 1500;
const [OWN_SHOWN_MS, OTHERS_SHOWN_MS] = [250, 4000]; // until the page beside shows calls that were made here, or elsewhere
const GONE_MS = 3000;
const [MAP_AGAIN_MS, MOST_ASKED] = [700, 120];
// The page may take a board away and put it back in the middle of a person's keys, as when all of it runs anew: the board
// stays, with its log, and what was pressed meanwhile is done when it is back.
const boards = (window.smearscopeBoards ??= new Map());

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let board = boards.get(data.board);
  if (!board) boards.set(data.board, (board = newBoard(data)));
  board.seen = () => setStateValue("seen", { holds: board.whole?.version ?? null, stands: board.stands });
  board.toSlide = () => board.at && setTriggerValue("slide", board.at);
  board.come(parentElement);
  board.take(data);
  return () => board.go(parentElement);
}

function newBoard(first) {
  let parent = null;
  let words = {};
  let data = first;
  const find = (selector) => parent.querySelector(selector);
  const board = { at: null, stands: 0, calls: {}, decided: [], cells: [], waiting: [], loaded: new Map(), tiles: new Map(), maps: new Map() };
  board.log = newLog(told, () => saved());

  board.come = (place) => {
    clearTimeout(board.gone);
    if (parent === place) return;
    parent = place;
    board.drawn = null;
    listen();
  };

  board.go = (place) => {
    if (parent !== place) return;
    clearTimeout(board.gone);
    board.gone = setTimeout(leave, GONE_MS);
  };

  function leave() {
    board.log.end();
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
      if (fresh.stands >= board.stands) [board.calls, board.stands] = [fresh.calls, fresh.stands];
    }
    if (board.whole?.version !== fresh.version) {
      board.whole = null;
      board.seen(); // asks for the whole list
      return;
    }
    data = { ...board.whole, ...fresh };
    words = data.words;
    board.log.address = data.readings;
    if (!board.log.keep) board.log.begin(data.keep, board.calls);
    board.cells = data.cells.map((cell) => ({ ...cell }));
    called();
    const root = find(".board");
    root.classList.toggle("blind", data.blind);
    root.classList.toggle("dark", isDark(root));
    label();
    gallery();
    if (!current()) board.at = null;
    show(board.at ?? data.at ?? firstUnread() ?? board.cells[0]?.id ?? null);
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
    for (const [cell, call] of changes) board.calls[cell] = call;
    board.stands = answer.stands;
    if (dealtWith.length) find(".problems").textContent = answer.problems.join(" ");
    called();
    for (const [id] of changes) {
      const cell = board.cells.find((one) => one.id === id);
      if (cell) mark(cell);
    }
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

  const current = () => board.cells.find((cell) => cell.id === board.at);
  const firstUnread = () => board.cells.find((cell) => !cell.call)?.id;

  function act(command) {
    const cell = current();
    if (command.act === "next" || command.act === "previous") return step(command.act === "next" ? 1 : -1);
    if (!cell) return;
    if (command.act === "undo") return undo();
    if (command.act === "flag") return flag(cell);
    if (!meant(command, cell)) return;
    board.log.enter({
      act: "read", cell: cell.id, over: cell.call, call: command.call,
      stage: command.stage ?? null, reason: command.reason ?? null, species: data.species,
    });
    Object.assign(cell, { call: command.call, stage: command.stage ?? null, reason: command.reason ?? null });
    board.decided.push(cell.id);
    mark(cell);
    show(nextUnread(cell.id) ?? cell.id);
  }

  // A key that was meant for another cell must change nothing: the cell has to be in sight, and one that has
  // a call keeps it until the key is pressed a second time.
  function meant(command, cell) {
    const { top, bottom } = find(".cell .picture").getBoundingClientRect();
    const middle = (top + bottom) / 2;
    if (middle < 0 || middle > window.innerHeight) {
      find(".cell").scrollIntoView({ block: "center" });
      return false;
    }
    const same = ["call", "stage", "reason"].every((detail) => (cell[detail] ?? null) === (command[detail] ?? null));
    const asked = `${cell.id} ${command.key}`;
    if (!cell.call || same || board.asked === asked) return true;
    show(cell.id);
    board.asked = asked;
    const [name, call, key] = [cell.name, words.calls[cell.call], shown(command.key)];
    find(".asked").textContent = words.again.replace("{name}", name).replace("{call}", call).replace("{key}", key);
    return false;
  }

  function flag(cell) {
    cell.flagged = !cell.flagged;
    board.log.enter({ act: "flag", cell: cell.id, flagged: cell.flagged });
    show(cell.id);
  }

  function undo() {
    const cell = board.cells.find((one) => one.id === board.decided.at(-1));
    board.log.enter({ act: "undo", cell: cell?.id ?? null });
    if (!cell) return;
    board.decided.pop();
    Object.assign(cell, { call: null, stage: null, reason: null });
    mark(cell);
    show(cell.id);
  }

  function nextUnread(id) {
    const from = board.cells.findIndex((cell) => cell.id === id);
    const order = [...board.cells.slice(from + 1), ...board.cells.slice(0, from)];
    return order.find((cell) => !cell.call)?.id;
  }

  function step(by) {
    const from = board.cells.findIndex((cell) => cell.id === board.at);
    const to = Math.min(board.cells.length - 1, Math.max(0, from + by));
    if (board.cells[to]) show(board.cells[to].id);
  }

  function show(id) {
    board.at = id;
    board.asked = null;
    find(".asked").textContent = "";
    const cell = current();
    find(".board").dataset.cell = cell ? cell.id : "";
    if (!cell) return;
    for (const view of parent.querySelectorAll(".view")) picture(view, "cell", cell);
    picture(find(".around img"), "around", cell);
    picture(find(".neighbours img"), "neighbours", cell);
    mapped(cell);
    for (const [place, bar] of [[".cell .bar", cell.bars?.[0]], [".around .bar", cell.bars?.[1]]]) {
      find(place).hidden = !bar;
      if (bar) {
        find(place).style.width = `${100 * bar[0]}%`;
        find(`${place} span`).textContent = bar[1];
      }
    }
    const facts = find(".facts");
    facts.replaceChildren(bold(`${cell.name} `), ...cell.facts.map(([name, value]) => `· ${name ? `${name} ` : ""}${value} `));
    if (cell.flagged) facts.append(`· ⚑ ${words.flagged}`);
    find(".cell .view").alt = `${words.cell} ${cell.name}`;
    for (const tile of parent.querySelectorAll(".tile")) {
      const chosen = tile.dataset.cell === cell.id;
      tile.setAttribute("aria-selected", chosen);
      if (chosen) within(find(".gallery"), tile);
    }
    find(".gallery").setAttribute("aria-activedescendant", `tile-${cell.id}`);
    mark(cell);
    preload(cell);
  }

  function picture(img, kind, cell) {
    const wanted = address(kind, cell);
    if (img.getAttribute("src") !== wanted) img.src = wanted;
  }

  function mapped(cell) {
    const chosen = find(".method").value;
    const wanted = chosen && !data.blind ? address(`map-${chosen}`, cell) : null;
    if (wanted) ask(wanted);
    const state = wanted && board.maps.get(wanted).state;
    for (const layer of parent.querySelectorAll(".map")) {
      layer.hidden = state !== "there" || (layer.closest(".cell") && !find(".over").checked);
      if (!layer.hidden) picture(layer, `map-${chosen}`, cell);
      layer.style.opacity = find(".opacity").value / 100;
    }
    find(".mapped figcaption").textContent = { there: words.rests, asked: words.makingMap }[state] ?? words.noMap;
    find(".board").dataset.map = state ?? "";
    const filter = `brightness(${find(".brightness").value}%) contrast(${find(".contrast").value}%)`;
    for (const img of parent.querySelectorAll(".view, .around img, .neighbours img, .gallery img")) img.style.filter = filter;
  }

  // A map that was never looked at is made first: the server says so, and is asked again until it is there.
  function ask(wanted, again = 0) {
    if (board.maps.has(wanted) && !again) return;
    const map = board.maps.get(wanted) ?? { state: "asked" };
    board.maps.set(wanted, map);
    fetch(wanted).then(({ status }) => {
      if (status === 202 && again < MOST_ASKED) setTimeout(() => ask(wanted, again + 1), MAP_AGAIN_MS);
      else map.state = status === 200 ? "there" : "none";
    }, () => board.maps.delete(wanted)).then(() => current() && map.state !== "asked" && mapped(current()));
  }

  const address = (kind, cell) => `${data.pictures}/${kind}/${encodeURIComponent(cell.id)}`;

  function preload(cell) {
    const from = board.cells.indexOf(cell);
    const kinds = ["cell", "around", "neighbours"];
    const chosen = find(".method").value;
    for (const near of board.cells.slice(from + 1, from + 1 + AHEAD)) {
      for (const kind of kinds) {
        const wanted = address(kind, near);
        if (board.loaded.has(wanted)) continue;
        const image = new Image();
        image.src = wanted;
        board.loaded.set(wanted, image);
      }
      if (chosen && !data.blind) ask(address(`map-${chosen}`, near));
    }
  }

  function mark(cell) {
    const tile = board.tiles.get(cell.id);
    if (tile) {
      tile.className = `tile ${KINDS[cell.call] ?? ""}`;
      tile.querySelector(".sign").textContent = SIGNS[cell.call] ?? "";
      tile.setAttribute("aria-label", `${cell.name}${words.colon}${words.calls[cell.call ?? "unread"]}`);
    }
    if (cell.id !== board.at) return;
    const badge = find(".mark");
    badge.hidden = !cell.call;
    badge.className = `mark ${KINDS[cell.call] ?? ""}`;
    const more = cell.stage ?? cell.reason;
    badge.textContent = cell.call ? `${SIGNS[cell.call]} ${words.calls[cell.call]}${more ? `${words.colon}${words[more]}` : ""}` : "";
  }

  function gallery() {
    const place = find(".gallery");
    const known = board.cells.map((cell) => cell.id).join();
    if (board.drawn !== known || board.picturesAt !== data.pictures) {
      board.drawn = known;
      board.picturesAt = data.pictures;
      board.tiles = new Map(data.blind ? [] : board.cells.map((cell) => [cell.id, tileOf(cell)]));
      place.replaceChildren(...board.tiles.values());
    }
    if (!data.blind) board.cells.forEach(mark);
  }

  function tileOf(cell) {
    const tile = document.createElement("button");
    tile.type = "button";
    tile.tabIndex = -1;
    tile.dataset.cell = cell.id;
    tile.id = `tile-${cell.id}`;
    tile.className = "tile";
    tile.setAttribute("role", "option");
    const img = document.createElement("img");
    img.loading = "lazy";
    img.alt = "";
    img.src = address("small", cell);
    const sign = document.createElement("span");
    sign.className = "sign";
    const under = document.createElement("span");
    under.className = "under";
    under.append(bold(cell.name), cell.score ?? "");
    tile.append(img, sign, under);
    tile.onclick = () => show(cell.id);
    return tile;
  }

  function label() {
    find(".keys").setAttribute("aria-label", words.keys);
    find(".gallery").setAttribute("aria-label", words.gallery);
    find(".around figcaption").textContent = words.around;
    find(".neighbours figcaption").textContent = words.neighbours;
    find(".looks legend").textContent = words.looks;
    const names = [words.map, words.over, words.opacity, words.brightness, words.contrast];
    parent.querySelectorAll(".looks label span").forEach((span, index) => { span.textContent = names[index]; });
    find(".reset").textContent = words.reset;
    find(".slide-button").replaceChildren(keyCap("G"), ` ${words.toSlide}`);
    find(".help-button").replaceChildren(keyCap("?"), ` ${words.help}`);
    find(".help h2").textContent = words.keys;
    find(".help p").textContent = words.advice;
    find(".close").textContent = words.close;
    const method = find(".method");
    if (method.options.length === 0) {
      method.append(...data.methods.map(([name, title]) => new Option(title, name)), new Option(words.off, ""));
    }
    buttons(parent, words, act);
  }

  function saved() {
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
    const [waiting, trouble] = [board.log.entries.length, board.log.trouble];
    const count = waiting ? words.waiting.replace("{count}", waiting) : "";
    find(".saved").textContent = [count, words[trouble]].filter(Boolean).join(" ");
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const focus = event.composedPath()[0];
    if (focus instanceof HTMLElement && focus.matches("input:not([type=range], [type=checkbox]), textarea, [contenteditable=true]")) return;
    if (find(".help").open || !current()) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (focus instanceof HTMLElement && focus.matches("input, select, [role=slider]") && key.startsWith("Arrow")) return;
    if (document.querySelector("[role=dialog]")?.checkVisibility()) return;
    const command = KEYS.find((one) => one.key === key);
    if (!parent.isConnected) {
      if (command && !event.repeat) board.waiting.push(command);
      return;
    }
    if (key === "?") find(".help").showModal();
    else if (LOOKS[key] === "map") toggleMap();
    else if (LOOKS[key] === "slide") board.toSlide();
    else if (command && (!event.repeat || command.act === "next" || command.act === "previous")) act(command);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function toggleMap() {
    find(".over").checked = !find(".over").checked;
    if (current()) mapped(current());
  }

  function onUnload(event) {
    if (board.log.entries.length) event.preventDefault();
  }

  function listen() {
    find(".slide-button").onclick = () => board.toSlide();
    find(".help-button").onclick = () => find(".help").showModal();
    find(".close").onclick = () => find(".help").close();
    for (const place of [".method", ".over", ".opacity", ".brightness", ".contrast"]) {
      find(place).oninput = () => current() && mapped(current());
    }
    find(".reset").onclick = () => {
      find(".brightness").value = find(".contrast").value = 100;
      find(".opacity").value = 60;
      if (current()) mapped(current());
    };
  }

  document.addEventListener("keydown", onKey, true);
  window.addEventListener("beforeunload", onUnload);
  return board;
}

function pending(entry) {
  if (entry.act === "flag") return { flagged: entry.flagged };
  if (entry.act === "undo") return { call: null, stage: null, reason: null };
  return { call: entry.call, stage: entry.stage, reason: entry.reason };
}

function within(box, tile) {
  const top = tile.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top + tile.offsetHeight > box.scrollTop + box.clientHeight) {
    box.scrollTop = top - box.clientHeight / 2 + tile.offsetHeight / 2;
  }
}

const bold = (text) => Object.assign(document.createElement("b"), { textContent: text });

function isDark(element) {
  const [red, green, blue] = (getComputedStyle(element).getPropertyValue("--st-background-color").match(/[0-9a-f]{2}/gi) ?? [])
    .map((part) => parseInt(part, 16));
  return red + green + blue < 384;
}
