// The keys of the board: what each does, their buttons, and the list that help shows.

const KEYS = [
  { key: "p", act: "read", call: "parasite", group: 0 },
  { key: "1", act: "read", call: "parasite", stage: "ring", group: 0 },
  { key: "2", act: "read", call: "parasite", stage: "trophozoite", group: 0 },
  { key: "3", act: "read", call: "parasite", stage: "schizont", group: 0 },
  { key: "4", act: "read", call: "parasite", stage: "gametocyte", group: 0 },
  { key: "n", act: "read", call: "not a parasite", group: 1 },
  { key: "a", act: "read", call: "not a parasite", reason: "artefact", group: 1 },
  { key: "l", act: "read", call: "not a parasite", reason: "platelet", group: 1 },
  { key: "w", act: "read", call: "not a parasite", reason: "white cell", group: 1 },
  { key: "s", act: "read", call: "not a parasite", reason: "stain", group: 1 },
  { key: "u", act: "read", call: "unsure", group: 2 },
  { key: "z", act: "undo", group: 3 },
  { key: "ArrowLeft", act: "previous", group: 3 },
  { key: "ArrowRight", act: "next", group: 3 },
  { key: "f", act: "flag", group: 3 },
  { key: "e", act: "note" },
  { key: "t", act: "screens" },
  { key: "k", act: "alike", group: 3 },
  { key: "Enter", act: "stage" },
];
// On a screen of cells there are more.
const SCREEN_KEYS = [
  { key: "r", act: "rest" },
  { key: " ", act: "choose" },
  { key: "Enter", act: "open" },
  { key: "ArrowUp", act: "above" },
  { key: "ArrowDown", act: "below" },
  { key: "PageUp", act: "turn", by: -1 },
  { key: "PageDown", act: "turn", by: 1 },
];
const MOVES = new Set(["next", "previous", "above", "below", "turn"]);
const LOOKS = { m: "map", g: "slide" };
const SHOWN = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "␣", Enter: "⏎", PageUp: "⇞", PageDown: "⇟" };

// A button for each key, and the list for help; pressed, a button does as its key.
function buttons(parent, words, act) {
  const place = parent.querySelector(".keys");
  if (place.dataset.words === words.help) return;
  place.dataset.words = words.help;
  const groups = [0, 1, 2, 3].map(() => Object.assign(document.createElement("div"), { className: "group" }));
  for (const command of [...KEYS.filter((one) => one.group !== undefined), SCREEN_KEYS[0]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = { rest: "rest healthy", alike: "for-map" }[command.act] ?? KINDS[command.call] ?? "";
    button.dataset.key = command.key;
    button.append(keyCap(shown(command.key)), said(command, words));
    button.onclick = () => act(command);
    groups[command.group ?? 1].append(button);
  }
  place.replaceChildren(...groups);
  const rows = [...KEYS, ...SCREEN_KEYS].map((command) => [shown(command.key), longer(command, words)]);
  rows.push(["M", words.mapKey], ["G", words.toSlide], ["?", words.help]);
  parent.querySelector(".help table").replaceChildren(...rows.map(([key, meaning]) => {
    const row = document.createElement("tr");
    const [left, right] = [document.createElement("td"), document.createElement("td")];
    left.append(keyCap(key));
    right.textContent = meaning;
    row.append(left, right);
    return row;
  }));
}

// Drawn pictures of what the keys name, a row of the sheet for each.
function drawn(parent, words, captions) {
  parent.querySelector(".drawn").parentElement.querySelector("h2").textContent = words.drawnTitle;
  parent.querySelector(".not-photographed").textContent = words.notPhotographed;
  parent.querySelector(".drawn").replaceChildren(...captions.map((caption, row) => {
    const [figure, picture, under] = ["figure", "div", "figcaption"].map((name) => document.createElement(name));
    picture.style.backgroundPositionY = `${(100 * row) / (captions.length - 1)}%`;
    under.textContent = caption;
    figure.append(picture, under);
    return figure;
  }));
}

const said = (command, words) => (command.act === "rest" ? words.restShort : words[command.stage ?? command.reason] ?? words.calls[command.call] ?? words[command.act]);
const longer = (command, words) => [words.calls[command.call], words[command.stage ?? command.reason]].filter(Boolean).join(words.colon)
  || (command.act === "turn" ? (command.by > 0 ? words.turnOn : words.turnBack) : words[command.act]);

const shown = (key) => SHOWN[key] ?? key.toUpperCase();
const keyCap = (text) => Object.assign(document.createElement("kbd"), { textContent: text });

