// One cell, large, with its surroundings, its map and its facts.

const AHEAD = 4;
const MOST_ENLARGED = 6;
const NARROW_PX = 608; // below, the pictures stand one above the other
const [LEAST_SHARE, MARGIN_PX] = [0.6, 12]; // of the width that the pictures may have
const [MAP_AGAIN_MS, MOST_ASKED] = [700, 120];
const SIGNS = { parasite: "●", "not a parasite": "✕", unsure: "?" };
const KINDS = { parasite: "parasite", "not a parasite": "healthy", unsure: "unsure" };

function newCellView(board) {
  const { find } = board;
  const [maps, loaded] = [new Map(), new Map()];
  let enlarged = 1;

  function show(cell) {
    const { words } = board;
    for (const view of findAll(".view")) picture(view, "cell", cell);
    picture(find(".around img"), "around", cell);
    picture(find(".neighbours img"), "neighbours", cell);
    mapped();
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
    mark(cell);
    preload(cell);
    fit();
  }

  // The pictures are as large as leaves keys and the first tiles in sight, however much stands above.
  function fit() {
    const stage = find(".stage");
    stage.style.maxWidth = "";
    if (!stage.clientWidth || window.innerWidth <= NARROW_PX) return;
    const [whole, scrolled] = [stage.clientWidth, document.querySelector('[data-testid="stMain"]')?.scrollTop ?? 0];
    for (let again = 0; again < 2; again += 1) { // narrower captions take more lines
      const last = find(".gallery .tile:not([hidden])") ?? find(".line");
      const over = last.getBoundingClientRect().bottom + scrolled + MARGIN_PX - window.innerHeight;
      const { width, height } = stage.getBoundingClientRect();
      if (over > 0) stage.style.maxWidth = `${Math.round(Math.max(LEAST_SHARE * whole, width * (1 - over / height)))}px`;
    }
  }

  function mark(cell) {
    const { words } = board;
    const badge = find(".mark");
    badge.hidden = !cell.call;
    badge.className = `mark ${KINDS[cell.call] ?? ""}`;
    const more = cell.stage ?? cell.reason;
    badge.textContent = cell.call ? `${SIGNS[cell.call]} ${words.calls[cell.call]}${more ? `${words.colon}${words[more]}` : ""}` : "";
  }

  function mapped() {
    const { words, data } = board;
    const cell = board.current();
    if (!cell) return;
    const chosen = find(".method").value;
    const wanted = chosen && !data.blind ? board.address(`map-${chosen}`, cell) : null;
    if (wanted) ask(wanted);
    const state = wanted && maps.get(wanted).state;
    for (const layer of findAll(".map")) {
      layer.hidden = state !== "there" || (layer.closest(".cell") && !find(".over").checked);
      if (!layer.hidden) picture(layer, `map-${chosen}`, cell);
      layer.style.opacity = find(".opacity").value / 100;
    }
    find(".mapped figcaption").textContent = { there: words.rests, asked: words.makingMap }[state] ?? words.noMap;
    find(".board").dataset.map = state ?? "";
    const filter = `brightness(${find(".brightness").value}%) contrast(${find(".contrast").value}%)`;
    for (const img of findAll(".view, .around img, .neighbours img, .gallery img")) img.style.filter = filter;
  }

  // A map that was never looked at is made first: the server says so, and is asked again until it is there.
  function ask(wanted, again = 0) {
    if (maps.has(wanted) && !again) return;
    const map = maps.get(wanted) ?? { state: "asked" };
    maps.set(wanted, map);
    fetch(wanted).then(({ status }) => {
      if (status === 202 && again < MOST_ASKED) setTimeout(() => ask(wanted, again + 1), MAP_AGAIN_MS);
      else map.state = status === 200 ? "there" : "none";
    }, () => maps.delete(wanted)).then(() => map.state !== "asked" && mapped());
  }

  function preload(cell) {
    const from = board.cells.indexOf(cell);
    const chosen = find(".method").value;
    for (const near of board.cells.slice(from + 1, from + 1 + AHEAD)) {
      for (const kind of ["cell", "around", "neighbours"]) {
        const wanted = board.address(kind, near);
        if (!loaded.has(wanted)) loaded.set(wanted, Object.assign(new Image(), { src: wanted }));
      }
      if (chosen && !board.data.blind) ask(board.address(`map-${chosen}`, near));
    }
  }

  function picture(img, kind, cell) {
    const wanted = board.address(kind, cell);
    if (img.getAttribute("src") !== wanted) img.src = wanted;
  }

  function toggleMap() {
    find(".over").checked = !find(".over").checked;
    mapped();
  }

  // The wheel enlarges the cell about the pointer, a click twofold or not at all.
  function zoom(event, times) {
    const { left, top, width, height } = find(".cell .picture").getBoundingClientRect();
    enlarged = Math.min(MOST_ENLARGED, Math.max(1, times));
    for (const img of find(".cell .picture").querySelectorAll("img")) {
      img.style.transformOrigin = `${(100 * (event.clientX - left)) / width}% ${(100 * (event.clientY - top)) / height}%`;
      img.style.transform = `scale(${enlarged})`;
    }
    find(".cell .bar").style.visibility = enlarged > 1 ? "hidden" : "";
  }

  function listen() {
    find(".cell .picture").onclick = (event) => zoom(event, enlarged > 1 ? 1 : 2);
    find(".cell .picture").onwheel = (event) => {
      event.preventDefault();
      zoom(event, enlarged * (event.deltaY < 0 ? 1.25 : 0.8));
    };
    for (const place of [".method", ".over", ".opacity", ".brightness", ".contrast"]) find(place).oninput = mapped;
    find(".reset").onclick = () => {
      find(".brightness").value = find(".contrast").value = 100;
      find(".opacity").value = 60;
      mapped();
    };
  }

  const findAll = (selector) => find(".board").querySelectorAll(selector);
  window.addEventListener("resize", fit);
  const end = () => window.removeEventListener("resize", fit);
  return { show, mark, toggleMap, listen, end };
}

const bold = (text) => Object.assign(document.createElement("b"), { textContent: text });
