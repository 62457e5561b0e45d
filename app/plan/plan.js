// A whole slide to pan and zoom, with its cells drawn in; a click, or a crosshair moved by keys, chooses a cell or a place
// without one. Tiles, the places of fields and the boxes of all located cells come from the server's routes, once a result;
// only what is in view is drawn.
//
// From the server: data = {slide, base, pictures, candidates: [[number, field, x, y, width, height, kind, rank, counts]], chosen:
// {field, box} | null, cell_px, um_per_pixel, blind, methods, map_widths, fields_address, fields_read, words}; boxes of
// candidates are in pixels of their field. To the server: trigger "chosen" = {field, box}.

const SMALLEST_CELL_PX = 6; // cells that nobody was asked about are drawn from this width on
const CELL_VIEW = 9; // a chosen cell is shown in so many widths of it
const [STEP_PX, LARGE_STEP_PX] = [8, 48];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const plans = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let plan = plans.get(parentElement);
  if (!plan || plan.slide !== data.slide) {
    plan?.leave();
    plan = newPlan(parentElement, data.slide);
    plans.set(parentElement, plan);
  }
  plan.choose = (place) => setTriggerValue("chosen", place);
  plan.toGallery = () => setTriggerValue("gallery", true);
  plan.take(data);
  return () => plan.leave();
}

function newPlan(parent, slide) {
  const find = (selector) => parent.querySelector(selector);
  const root = find(".plan");
  const plan = { slide, maps: new Map(), candidates: [], cross: null, drawn: 0, drawMs: [] };
  let data, words, viewer, canvas, layout, cells, item, chosenKey = "";
  const said = fieldWords(problem);

  plan.take = (fresh) => {
    const first = !data;
    data = fresh;
    words = fresh.words;
    root.classList.toggle("blind", fresh.blind);
    root.classList.toggle("reads-fields", Boolean(fresh.fields_address));
    said.take(fresh);
    label(parent, data);
    hint();
    if (first) load();
    else if (layout) refresh();
  };

  plan.leave = () => {
    document.removeEventListener("keydown", onKey, true);
    viewer?.destroy();
    said.end();
    plans.delete(parent);
  };

  async function load() {
    try {
      const [OpenSeadragon, shape, boxes] = await Promise.all([
        library(),
        got(`${data.base}/layout`).then((response) => response.json()),
        got(`${data.base}/cells`).then((response) => response.arrayBuffer()),
      ]);
      layout = shape;
      layout.at = new Map(layout.fields.map((field, position) => [field[0], position]));
      cells = located(boxes);
      fieldList(find(".fields"), layout, words, (number) => (number === "" ? toWhole() : toField(Number(number))));
      begin(OpenSeadragon);
      refresh();
    } catch {
      trouble();
    }
  }

  function begin(OpenSeadragon) {
    const place = find(".viewer");
    viewer = OpenSeadragon({
      element: place,
      showNavigationControl: false,
      showNavigator: true,
      navigatorPosition: "BOTTOM_RIGHT",
      maxZoomPixelRatio: 8,
      visibilityRatio: 0.3,
      animationTime: 0.3,
      keyboardNavEnabled: false,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      drawer: "canvas",
      imageLoaderLimit: 6,
    });
    plan.viewer = viewer;
    canvas = document.createElement("canvas");
    Object.assign(canvas.style, { position: "absolute", inset: 0, pointerEvents: "none" });
    viewer.canvas.append(canvas);
    viewer.addHandler("update-viewport", draw);
    viewer.addHandler("open", () => {
      item = viewer.world.getItemAt(0);
      item.addHandler("fully-loaded-change", ({ fullyLoaded }) => { place.dataset.loaded = fullyLoaded; });
      if (data.chosen) toBox(worldBox(data.chosen), true);
      place.dataset.open = "true";
    });
    viewer.addHandler("open-failed", trouble);
    viewer.addHandler("tile-load-failed", trouble);
    viewer.addHandler("canvas-click", (event) => {
      if (event.quick) chooseAt(viewerToImage(event.position));
    });
    const [{ width, height, tile, levels }, { base }] = [layout, data];
    viewer.open(new OpenSeadragon.TileSource({
      width, height, tileSize: tile, tileOverlap: 0, minLevel: 0, maxLevel: levels,
      getTileUrl: (level, x, y) => `${base}/${levels - level}/${x}/${y}`,
    }));
    document.addEventListener("keydown", onKey, true);
  }

  // What was called, or chosen, has changed.
  function refresh() {
    plan.candidates = data.candidates.map(([number, field, x, y, width, height, kind, rank, counts]) => {
      const place = layout.fields[layout.at.get(field)];
      return { number, field, box: [x, y, width, height], at: [x + place[2], y + place[3], width, height], kind, rank, counts };
    });
    // A candidate is drawn by its call, not a second time as a located cell.
    cells.taken.fill(0);
    for (const { at: [x, y] } of plan.candidates) {
      cells.around(x - 1, y - 1, x + 1, y + 1, (number) => {
        const at = cells.box(number);
        if (Math.hypot(at[0] - x, at[1] - y) < SAME_PX) cells.taken[number] = 1;
      });
    }
    const chosen = data.chosen && worldBox(data.chosen);
    if (chosen && key(chosen) !== chosenKey) {
      chosenKey = key(chosen);
      if (item && !inView(chosen)) toBox(chosen);
    }
    say();
    if (item) draw();
  }

  const key = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;

  function worldBox({ field, box: [x, y, width, height] }) {
    const place = layout.fields[layout.at.get(field)];
    return [x + place[2], y + place[3], width, height];
  }

  const viewerToImage = (point) => item.viewerElementToImageCoordinates(point);
  const point = (x, y) => new window.OpenSeadragon.Point(x, y);

  function scaleAndOrigin() {
    const [origin, far] = [item.imageToViewerElementCoordinates(point(0, 0)), item.imageToViewerElementCoordinates(point(10000, 0))];
    return [(far.x - origin.x) / 10000, origin];
  }

  function inView([x, y, width, height]) {
    const [scale, origin] = scaleAndOrigin();
    const [left, top] = [origin.x + x * scale, origin.y + y * scale];
    const { clientWidth, clientHeight } = viewer.container;
    return width * scale > 12 && left > 0 && top > 0 && left + width * scale < clientWidth && top + height * scale < clientHeight;
  }

  function toBounds([x, y, width, height], at_once = false) {
    viewer.viewport.fitBounds(item.imageToViewportRectangle(x, y, width, height), at_once);
  }

  function toBox([x, y, width, height], at_once = false) {
    const rim = (CELL_VIEW - 1) / 2;
    toBounds([x - rim * width, y - rim * height, CELL_VIEW * width, CELL_VIEW * height], at_once);
  }

  function toField(number, at_once = false) {
    if (number === null) return;
    const field = layout.fields[layout.at.get(number)];
    toBounds(field.slice(2, 6), at_once);
    find(".fields").value = String(number);
    say();
  }

  function toWhole() {
    viewer.viewport.goHome();
    find(".fields").value = "";
    say();
  }

  // Of overlapping fields at a place that whose middle is nearest.
  function fieldAt(x, y) {
    let [best, nearest] = [null, Infinity];
    for (const field of layout.fields) {
      const [, , left, top, width, height] = field;
      if (x < left || y < top || x >= left + width || y >= top + height) continue;
      const away = Math.max(Math.abs(x - left - width / 2) / width, Math.abs(y - top - height / 2) / height);
      if (away < nearest) [best, nearest] = [field, away];
    }
    return best;
  }

  function chooseAt({ x, y }) {
    const inside = ([left, top, width, height]) => x >= left && x <= left + width && y >= top && y <= top + height;
    const away = ([left, top, width, height]) => Math.hypot(left + width / 2 - x, top + height / 2 - y);
    const near = plan.candidates.filter(({ at }) => inside(at)).map((one) => ({ field: one.field, box: one.box, away: away(one.at) }));
    cells.around(x - 1, y - 1, x + 1, y + 1, (number) => {
      const at = cells.box(number);
      if (cells.taken[number] || !inside(at)) return;
      const [field, , left, top] = layout.fields[cells.field[number]];
      near.push({ field, box: [at[0] - left, at[1] - top, at[2], at[3]], away: away(at) });
    });
    near.sort((one, other) => one.away - other.away);
    if (near[0]) return plan.choose({ field: near[0].field, box: near[0].box });
    const field = fieldAt(x, y);
    if (!field) return say(words.beside);
    const side = data.cell_px;
    plan.choose({ field: field[0], box: [x - field[2] - side / 2, y - field[3] - side / 2, side, side] });
  }

  function step(by) {
    if (!plan.candidates.length) return;
    const chosen = data.chosen && key(worldBox(data.chosen));
    const from = plan.candidates.findIndex(({ at }) => key(at) === chosen);
    const to = from < 0 ? (by > 0 ? 0 : plan.candidates.length - 1) : Math.min(plan.candidates.length - 1, Math.max(0, from + by));
    const { field, box, at } = plan.candidates[to];
    chosenKey = key(at);
    data.chosen = { field, box }; // shown at once; the server says the rest
    if (!inView(at)) toBox(at);
    plan.choose({ field, box });
    say();
    draw();
  }

  function stepField(by) {
    const numbers = layout.fields.map(([number]) => number);
    const from = numbers.indexOf(Number(find(".fields").value || NaN));
    toField(numbers[from < 0 ? (by > 0 ? 0 : numbers.length - 1) : Math.min(numbers.length - 1, Math.max(0, from + by))]);
  }

  const byField = () => data.fields_address && find(".by-field").checked;
  const fieldHere = () => (find(".fields").value === "" ? null : Number(find(".fields").value));

  const toUnread = () => toField(nextUnread(layout, said, fieldHere()));

  function fieldRead() {
    const field = fieldHere();
    if (field === null) return toUnread();
    if (said.toggle(field)) toUnread();
    say();
    draw();
  }

  function draw() {
    if (!item) return;
    const begun = performance.now();
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [viewer.container.clientWidth, viewer.container.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
      Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const [scale, origin] = scaleAndOrigin();
    const on = ([x, y, w, h]) => [origin.x + x * scale, origin.y + y * scale, w * scale, h * scale];
    const seen = ([x, y, w, h]) => x + w > -20 && y + h > -20 && x < width + 20 && y < height + 20;
    const visible = plan.candidates.map((one) => [one, on(one.at)]).filter(([, at]) => seen(at));
    const looks = { maps: plan.maps, method: find(".method").value, opacity: find(".opacity").value, redraw: draw };
    if (find(".heat").checked && !data.blind) heat(context, visible, data, looks);
    fieldFrames(context, layout, said, byField() ? fieldHere() : null, on);
    plan.drawn = visible.length;
    if (find(".boxes").checked) {
      if (data.cell_px * scale >= SMALLEST_CELL_PX) plain(context, scale, origin, width, height);
      for (const [{ kind, rank, counts }, at] of fromBelow(visible)) shape(context, at, LOOKS[kind], rank, counts);
    }
    if (data.chosen) frame(context, on(worldBox(data.chosen)));
    if (data.um_per_pixel) scaleBar(context, scale, height, data.um_per_pixel, words.locale);
    if (plan.cross) crosshair(context, plan.cross, width, height);
    plan.drawMs.push(performance.now() - begun);
    if (plan.drawMs.length > 600) plan.drawMs.shift();
  }

  function plain(context, scale, origin, width, height) {
    const { boxes } = cells;
    const paths = [new Path2D(), new Path2D()];
    const [left, top] = [-origin.x / scale, -origin.y / scale];
    cells.around(left, top, left + width / scale, top + height / scale, (number) => {
      if (cells.taken[number]) return;
      const at = 4 * number;
      paths[cells.counts[number]].rect(
        origin.x + boxes[at] * scale, origin.y + boxes[at + 1] * scale, boxes[at + 2] * scale, boxes[at + 3] * scale,
      );
      plan.drawn += 1;
    });
    for (const [path, kind] of [[paths[1], "counted"], [paths[0], "left out"]]) {
      const [colour, line, dashes] = LOOKS[kind];
      Object.assign(context, { strokeStyle: colour, lineWidth: line });
      context.setLineDash(dashes);
      context.stroke(path);
    }
    context.setLineDash([]);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || find(".help").open) return;
    const focus = event.composedPath()[0];
    if (focus instanceof HTMLElement && focus.matches("input:not([type=checkbox]), select, textarea, [contenteditable=true], [role=slider], [role=combobox]")) return;
    if (document.querySelector("[role=dialog]") || !item) return;
    if (!pressed(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  function pressed({ key: name, shiftKey, target }) {
    const way = ARROWS[name];
    if (way && plan.cross) moveCross(way, shiftKey ? LARGE_STEP_PX : STEP_PX);
    else if (way && shiftKey) pan(way);
    else if (name === "ArrowRight" || name === "ArrowLeft") step(name === "ArrowRight" ? 1 : -1);
    else if (name === "PageDown" || name === "PageUp") stepField(name === "PageDown" ? 1 : -1);
    else if (name === "Home") toWhole();
    else if (name === "+" || name === "=" || name === "-") zoom(name === "-" ? 1 / 1.5 : 1.5);
    else if (name === "Enter" && plan.cross && !(target instanceof HTMLButtonElement)) chooseAt(viewerToImage(point(...plan.cross)));
    else if (name === "Escape" && plan.cross) cross(null);
    else if (name.toLowerCase() === "x") cross(plan.cross ? null : [viewer.container.clientWidth / 2, viewer.container.clientHeight / 2]);
    else if (name.toLowerCase() === "b") toggle(".boxes");
    else if (name.toLowerCase() === "j" && byField()) toUnread();
    else if (name.toLowerCase() === "d" && byField()) fieldRead();
    else if (name.toLowerCase() === "m" && !data.blind) toggle(".heat");
    else if (name.toLowerCase() === "g") plan.toGallery();
    else if (name === "?") find(".help").showModal();
    else return false;
    return true;
  }

  function pan([x, y]) {
    const { clientWidth, clientHeight } = viewer.container;
    viewer.viewport.panBy(viewer.viewport.deltaPointsFromPixels(point((x * clientWidth) / 5, (y * clientHeight) / 5)));
    viewer.viewport.applyConstraints();
  }

  function zoom(by) {
    viewer.viewport.zoomBy(by, plan.cross ? viewer.viewport.pointFromPixel(point(...plan.cross)) : undefined);
    viewer.viewport.applyConstraints();
  }

  function cross(place) {
    plan.cross = place;
    hint();
    draw();
  }

  function moveCross([x, y], by) {
    const { clientWidth, clientHeight } = viewer.container;
    const wanted = [plan.cross[0] + x * by, plan.cross[1] + y * by];
    plan.cross = [Math.min(clientWidth - 1, Math.max(0, wanted[0])), Math.min(clientHeight - 1, Math.max(0, wanted[1]))];
    // At the border the slide moves below the crosshair.
    if (plan.cross[0] !== wanted[0] || plan.cross[1] !== wanted[1]) pan([x, y]);
    draw();
  }

  function toggle(selector) {
    find(selector).checked = !find(selector).checked;
    draw();
  }

  function say(text) {
    const chosen = data.chosen && key(worldBox(data.chosen));
    const place = plan.candidates.findIndex(({ at }) => key(at) === chosen);
    const cell = plan.candidates[place];
    const field = data.chosen && layout.fields[layout.at.get(data.chosen.field)][1];
    const told = cell
      ? words.cellOf.replace("{number}", place + 1).replace("{count}", plan.candidates.length).replace("{kind}", words.kinds[cell.kind])
      : chosen ? words.otherCell : words.noneChosen.replace("{count}", plan.candidates.length);
    find(".status").textContent = text ?? (field ? `${told} · ${field}` : told);
    find(".by-field-line").hidden = !byField();
    fieldLine(find, layout, said, fieldHere(), words);
    root.dataset.chosen = cell?.number ?? (chosen ? "other" : "");
  }

  function hint() {
    find(".hint").textContent = plan.cross ? words.crosshairOn : words.keysHint;
  }

  function problem(text) {
    find(".trouble").textContent = text;
    find(".trouble").hidden = !text;
    if (layout) say();
    if (item) draw();
  }

  const trouble = () => problem(words.trouble);
  for (const place of [".boxes", ".heat", ".method", ".opacity"]) find(place).oninput = draw;
  find(".by-field").onchange = () => {
    if (fieldHere() === null) toUnread();
    say();
    draw();
  };
  find(".next-field").onclick = toUnread;
  find(".field-read").onclick = fieldRead;
  for (const place of [".brightness", ".contrast"]) find(place).oninput = () => light(find, viewer);
  find(".reset").onclick = () => {
    find(".brightness").value = find(".contrast").value = 100;
    light(find, viewer);
  };
  find(".help-button").onclick = () => find(".help").showModal();
  find(".close").onclick = () => find(".help").close();
  root.plan = plan;
  return plan;
}
