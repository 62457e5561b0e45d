// A field of a slide to pan and zoom, with its cells drawn in; a click chooses a cell, or a place without one.
//
// From the server: data = {field, picture, cells: [[x, y, width, height, kind, rank]], chosen: [x, y, width, height] |
// null, cell_px, heat: [[address, x, y, side]], shown: {boxes, heat}, opacity, words}.
// To the server: trigger "chosen" = [x, y, width, height].

const LIBRARY = "/vendored/openseadragon.min.js";
// Colour, width in screen pixels, dashes: no kind is told by its colour alone.
const KINDS = {
  healthy: ["#2f6b3c", 1, []],
  "left out": ["#6b7280", 1, [2, 4]],
  unread: ["#1f5fa8", 3, []],
  parasite: ["#c81e1e", 4, []],
  "not a parasite": ["#2f6b3c", 3, [9, 5]],
  unsure: ["#b26a00", 3, [3, 3]],
};
const plans = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let plan = plans.get(parentElement);
  if (!plan) {
    plan = { at: null, viewer: null, images: new Map() };
    plans.set(parentElement, plan);
  }
  plan.data = data;
  plan.choose = (box) => setTriggerValue("chosen", box);
  legend(parentElement.querySelector(".legend"), data.words);
  library()
    .then((OpenSeadragon) => show(plan, parentElement, OpenSeadragon))
    .catch(() => trouble(parentElement, data.words.trouble));
  return () => {
    plan.viewer?.destroy();
    plans.delete(parentElement);
  };
}

function library() {
  window.smearscopeLibrary ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: LIBRARY, onerror: reject });
    script.onload = () => resolve(window.OpenSeadragon);
    document.head.append(script);
  });
  return window.smearscopeLibrary;
}

function show(plan, parent, OpenSeadragon) {
  if (!plan.viewer) begin(plan, parent, OpenSeadragon);
  if (plan.at !== plan.data.picture) {
    plan.at = plan.data.picture;
    plan.viewer.open({ type: "image", url: plan.data.picture });
  } else {
    draw(plan);
  }
}

function begin(plan, parent, OpenSeadragon) {
  const place = parent.querySelector(".viewer");
  plan.viewer = OpenSeadragon({
    element: place,
    showNavigationControl: false,
    showNavigator: true,
    navigatorPosition: "BOTTOM_RIGHT",
    maxZoomPixelRatio: 8,
    visibilityRatio: 0.6,
    animationTime: 0.25,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    drawer: "canvas",
    imageSmoothingEnabled: true,
  });
  plan.canvas = document.createElement("canvas");
  Object.assign(plan.canvas.style, { position: "absolute", inset: 0, pointerEvents: "none" });
  plan.viewer.canvas.append(plan.canvas);
  plan.viewer.addHandler("update-viewport", () => draw(plan));
  plan.viewer.addHandler("open", () => {
    const chosen = plan.data.chosen;
    if (chosen) {
      const around = new OpenSeadragon.Rect(chosen[0] - 4 * chosen[2], chosen[1] - 4 * chosen[3], 9 * chosen[2], 9 * chosen[3]);
      plan.viewer.viewport.fitBounds(plan.viewer.world.getItemAt(0).imageToViewportRectangle(around), true);
    }
    place.dataset.open = plan.data.field;
  });
  plan.viewer.addHandler("open-failed", () => trouble(parent, plan.data.words.trouble));
  plan.viewer.addHandler("canvas-click", (event) => {
    if (!event.quick) return;
    const point = plan.viewer.world.getItemAt(0).viewerElementToImageCoordinates(event.position);
    plan.choose(boxAt(plan.data, point.x, point.y));
  });
}

function boxAt(data, x, y) {
  const near = data.cells
    .filter(([left, top, width, height]) => x >= left && x <= left + width && y >= top && y <= top + height)
    .sort((one, other) => distance(one, x, y) - distance(other, x, y))[0];
  if (near) return near.slice(0, 4);
  const side = data.cell_px;
  return [x - side / 2, y - side / 2, side, side];
}

const distance = ([left, top, width, height], x, y) => Math.hypot(left + width / 2 - x, top + height / 2 - y);

function draw(plan) {
  const { viewer, canvas, data } = plan;
  const item = viewer.world.getItemAt(0);
  if (!item) return;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [viewer.container.clientWidth, viewer.container.clientHeight];
  if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  const origin = item.imageToViewerElementCoordinates(new window.OpenSeadragon.Point(0, 0));
  const far = item.imageToViewerElementCoordinates(new window.OpenSeadragon.Point(1000, 0));
  const scale = (far.x - origin.x) / 1000;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const on = ([x, y, w, h]) => [origin.x + x * scale, origin.y + y * scale, w * scale, h * scale];
  const seen = ([x, y, w, h]) => x + w > 0 && y + h > 0 && x < width && y < height;
  if (data.shown.heat) {
    context.globalAlpha = data.opacity;
    for (const [address, x, y, side] of data.heat) {
      const at = on([x, y, side, side]);
      const image = picture(plan, address);
      if (seen(at) && image.complete && image.naturalWidth) context.drawImage(image, ...at);
    }
    context.globalAlpha = 1;
  }
  if (data.shown.boxes) {
    for (const cell of data.cells) {
      const at = on(cell);
      if (seen(at)) outline(context, at, KINDS[cell[4]], cell[5]);
    }
  }
  if (data.chosen) {
    const at = on(data.chosen);
    context.setLineDash([]);
    context.lineWidth = 6;
    context.strokeStyle = "#ffffff";
    context.strokeRect(at[0] - 5, at[1] - 5, at[2] + 10, at[3] + 10);
    context.lineWidth = 3;
    context.strokeStyle = "#111111";
    context.strokeRect(at[0] - 5, at[1] - 5, at[2] + 10, at[3] + 10);
  }
}

function outline(context, [x, y, w, h], [colour, width, dashes], rank) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dashes);
  context.strokeRect(x, y, w, h);
  if (!rank || w < 18) return;
  context.font = "600 12px sans-serif";
  const room = context.measureText(rank).width + 6;
  context.fillStyle = "#ffffff";
  context.fillRect(x, y - 15, room, 15);
  context.fillStyle = colour;
  context.fillText(rank, x + 3, y - 3);
}

function picture(plan, address) {
  let image = plan.images.get(address);
  if (!image) {
    image = new Image();
    image.onload = () => draw(plan);
    image.src = address;
    plan.images.set(address, image);
  }
  return image;
}

function legend(place, words) {
  place.replaceChildren(...Object.entries(KINDS).map(([kind, [colour, width, dashes]]) => {
    const entry = document.createElement("span");
    const sample = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const looks = { x: 3, y: 3, width: 18, height: 12, fill: "none", stroke: colour, "stroke-width": width, "stroke-dasharray": dashes.join(" ") };
    for (const [name, value] of Object.entries(looks)) box.setAttribute(name, value);
    sample.append(box);
    entry.append(sample, words.kinds[kind]);
    return entry;
  }));
}

function trouble(parent, text) {
  const place = parent.querySelector(".trouble");
  place.textContent = text;
  place.hidden = false;
}
