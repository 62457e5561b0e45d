// The cells as tiles: a strip below the one that is shown, or a screen of them that fills the window.
//
// On a screen a key calls all cells that are chosen, or the one under the cursor; and one key, pressed twice, calls "not a
// parasite" whatever on this screen has no call yet. Each of them is a reading of its own.

const [FEWEST, MOST] = [60, 100]; // tiles on a screen, where the window allows
const [UNDER_PX, GAP_PX, LEAST_PX, ROOM_BELOW_PX] = [20, 6, 48, 24];
const SORTS = {
  rank: () => 0,
  field: (one, other) => (one.field < other.field ? -1 : one.field > other.field ? 1 : 0),
  call: (one, other) => order(one) - order(other),
};
const FILTERS = {
  all: () => true,
  unread: (cell) => !cell.call,
  parasite: (cell) => cell.call === "parasite",
  healthy: (cell) => cell.call === "not a parasite",
  unsure: (cell) => cell.call === "unsure",
  disputed: (cell) => cell.disputed,
  ring: (cell) => cell.stage === "ring",
  trophozoite: (cell) => cell.stage === "trophozoite",
  schizont: (cell) => cell.stage === "schizont",
  gametocyte: (cell) => cell.stage === "gametocyte",
};
const order = (cell) => ["parasite", "unsure", undefined, null, "not a parasite"].indexOf(cell.call);

// `show` makes a cell the one that is shown, or stands under the cursor.
function newGallery(board, show) {
  const { find } = board;
  const gallery = { screens: false, leftAt: 0, chosen: new Set(), listed: [] };
  let [tiles, drawn, size, screen] = [new Map(), null, 0, 0];

  gallery.label = () => {
    const { words } = board;
    const stages = ["ring", "trophozoite", "schizont", "gametocyte"];
    const sorts = { rank: words.byRank, field: words.byField, call: words.byCall };
    const filters = { all: words.allCells, unread: words.notRead, parasite: words.parasites, healthy: words.notParasites, unsure: words.unsureOnes };
    if (board.cells.some(FILTERS.disputed)) filters.disputed = words.disputedOnes;
    for (const stage of stages) filters[stage] = words[stage];
    for (const [place, name, all] of [[".sort", words.order, sorts], [".filter", words.which, filters]]) {
      const box = find(place);
      if (box.getAttribute("aria-label") === name && box.length === Object.keys(all).length) continue;
      box.setAttribute("aria-label", name);
      const kept = box.value;
      box.replaceChildren(...Object.entries(all).map(([one, title]) => new Option(title, one, false, one === kept)));
    }
  };

  gallery.redraw = () => { drawn = null; };

  // Lay out the cells that are listed. A call changes nothing of their order; where the list is ranked anew, what a
  // person has on the screen stays where it is, with what is chosen there.
  gallery.draw = (asked) => {
    const known = `${board.cells.map((cell) => cell.id).join()} ${board.data.pictures}`;
    if (drawn !== known) {
      drawn = known;
      const [shown, chosen] = [gallery.screens && !asked ? gallery.listed.slice(0, (screen + 1) * size) : [], [...gallery.chosen]];
      tiles = new Map(board.cells.map((cell) => [cell.id, tileOf(cell)]));
      gallery.arrange(shown.filter((id) => tiles.has(id)));
      chosen.filter((id) => shown.includes(id)).forEach((id) => gallery.choose(id));
    }
    board.cells.forEach(gallery.mark);
  };

  gallery.arrange = (first = []) => {
    const [sort, filter] = [SORTS[find(".sort").value || "rank"], FILTERS[find(".filter").value || "all"]];
    const there = new Set(first);
    const rest = board.cells.filter((cell) => filter(cell) && !there.has(cell.id)).sort(sort);
    gallery.listed = [...first, ...rest.map((cell) => cell.id)];
    gallery.chosen.clear();
    find(".gallery").replaceChildren(...gallery.listed.map((id) => tiles.get(id)));
    layOut();
  };

  gallery.toggle = () => {
    gallery.screens = !gallery.screens;
    if (!gallery.screens) gallery.leftAt = Date.now();
    find(".board").classList.toggle("screens", gallery.screens);
    gallery.chosen.clear();
    layOut();
  };

  // As many tiles as fit the window, as large as that allows.
  function layOut() {
    const place = find(".gallery");
    size = gallery.listed.length || 1;
    if (gallery.screens) {
      const { top, width } = place.getBoundingClientRect();
      const height = Math.max(200, window.innerHeight - Math.max(0, top) - ROOM_BELOW_PX);
      const fits = (across) => {
        const side = Math.floor((width - GAP_PX) / across) - GAP_PX;
        return { across, side, count: across * Math.max(1, Math.floor(height / (side + UNDER_PX + GAP_PX))) };
      };
      let fit = fits(4);
      while (fit.count < FEWEST && fits(fit.across + 1).side >= LEAST_PX) fit = fits(fit.across + 1);
      size = Math.min(MOST, fit.count);
      place.style.gridTemplateColumns = `repeat(${fit.across}, 1fr)`;
      gallery.across = fit.across;
    } else {
      place.style.gridTemplateColumns = "";
      gallery.across = 1;
    }
    turn();
  }

  // Show the screen on which the cursor is.
  function turn() {
    const shown = screen;
    screen = Math.floor(Math.max(0, gallery.listed.indexOf(board.at)) / size);
    if (screen !== shown) gallery.chosen.clear(); // a key must call nothing that is out of sight
    gallery.listed.forEach((id, place) => { tiles.get(id).hidden = Math.floor(place / size) !== screen; });
    const last = Math.max(1, Math.ceil(gallery.listed.length / size));
    find(".screen-number").textContent = board.words.screenNumber.replace("{number}", screen + 1).replace("{last}", last);
    gallery.choose();
  }

  gallery.onScreen = () => gallery.listed.slice(screen * size, (screen + 1) * size);
  gallery.turnBy = (by) => gallery.listed[Math.min(gallery.listed.length - 1, Math.max(0, (screen + by) * size))];

  // The cell that lies so many places from the cursor's, or the first where that is not listed.
  gallery.from = (by) => {
    const at = gallery.listed.indexOf(board.at);
    return gallery.listed[at < 0 ? 0 : Math.min(gallery.listed.length - 1, Math.max(0, at + by))];
  };

  gallery.nextUnread = (id) => {
    const at = gallery.listed.indexOf(id);
    const unread = new Set(board.cells.filter((cell) => !cell.call).map((cell) => cell.id));
    return [...gallery.listed.slice(at + 1), ...gallery.listed.slice(0, Math.max(0, at))].find((one) => unread.has(one));
  };

  gallery.choose = (id) => {
    if (id && !gallery.chosen.delete(id)) gallery.chosen.add(id);
    for (const [one, tile] of tiles) tile.classList.toggle("chosen", gallery.chosen.has(one));
  };

  gallery.show = (cell) => {
    for (const [id, tile] of tiles) tile.setAttribute("aria-selected", id === cell.id);
    find(".gallery").setAttribute("aria-activedescendant", `tile-${cell.id}`);
    if (gallery.screens) turn();
    else if (tiles.has(cell.id)) within(find(".gallery"), tiles.get(cell.id));
  };

  gallery.mark = (cell) => {
    const tile = tiles.get(cell.id);
    if (!tile) return;
    for (const kind of Object.values(KINDS)) tile.classList.toggle(kind, kind === KINDS[cell.call]);
    tile.classList.toggle("noted-on", board.notes.has(cell));
    tile.querySelector(".sign").textContent = SIGNS[cell.call] ?? "";
    tile.setAttribute("aria-label", `${cell.name}${board.words.colon}${board.words.calls[cell.call ?? "unread"]}`);
  };

  function tileOf(cell) {
    const tile = document.createElement("button");
    Object.assign(tile, { type: "button", tabIndex: -1, id: `tile-${cell.id}`, className: "tile" });
    tile.dataset.cell = cell.id;
    tile.setAttribute("role", "option");
    const img = Object.assign(document.createElement("img"), { loading: "lazy", alt: "", src: board.address("small", cell) });
    const sign = Object.assign(document.createElement("span"), { className: "sign" });
    const under = Object.assign(document.createElement("span"), { className: "under" });
    under.append(bold(cell.name), cell.score ?? "");
    tile.append(img, sign, under);
    tile.onclick = () => {
      if (gallery.screens) gallery.choose(cell.id);
      show(cell.id);
    };
    tile.ondblclick = () => {
      if (gallery.screens) gallery.toggle();
      show(cell.id);
    };
    return tile;
  }

  gallery.listen = () => {
    for (const place of [".sort", ".filter"]) {
      find(place).oninput = () => {
        gallery.arrange();
        if (gallery.listed.length) show(gallery.listed[0]);
      };
    }
  };
  const resized = () => gallery.screens && find(".board").isConnected && layOut();
  window.addEventListener("resize", resized);
  gallery.end = () => window.removeEventListener("resize", resized);
  return gallery;
}

function within(box, tile) {
  const top = tile.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top + tile.offsetHeight > box.scrollTop + box.clientHeight) {
    box.scrollTop = top - box.clientHeight / 2 + tile.offsetHeight / 2;
  }
}
