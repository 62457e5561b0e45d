// How cells and what goes with them are drawn on the slide.

const DASHES = [3, 4]; // of what stands outside the count, whatever readers say of it
// Colour, width in screen pixels, dashes, shape: no kind is told by its colour alone.
const LOOKS = {
  counted: ["#2f6b3c", 1, [], "box"],
  "left out": ["#6b7280", 1, DASHES, "box"],
  unread: ["#1f5fa8", 3, [], "box"],
  parasite: ["#c81e1e", 4, [], "ring"],
  "not a parasite": ["#2f6b3c", 3, [], "cross"],
  unsure: ["#b26a00", 3, [], "diamond"],
};
const SMALLEST_MARK_PX = 14;
const FROM_BELOW = ["unread", "not a parasite", "unsure", "parasite"];

// Cells as they are drawn over each other: what readers found on top of what they have not read, of that the first of the list.
const fromBelow = (seen) => [...seen].reverse().sort(([one], [other]) => FROM_BELOW.indexOf(one.kind) - FROM_BELOW.indexOf(other.kind));

// A cell's outline; too small to be told apart, its sign stands for it.
function shape(context, [x, y, w, h], [colour, width, dashes, kind], rank, counts = true) {
  if (w < SMALLEST_MARK_PX && width > 1) {
    [x, y, w, h] = [x + w / 2 - SMALLEST_MARK_PX / 2, y + h / 2 - SMALLEST_MARK_PX / 2, SMALLEST_MARK_PX, SMALLEST_MARK_PX];
  }
  const path = new Path2D();
  const [middleX, middleY] = [x + w / 2, y + h / 2];
  if (kind === "ring") path.ellipse(middleX, middleY, w / 2, h / 2, 0, 0, 2 * Math.PI);
  else if (kind === "diamond") [[x, middleY], [middleX, y], [x + w, middleY], [middleX, y + h], [x, middleY]].forEach((at) => path.lineTo(...at));
  else path.rect(x, y, w, h);
  if (kind === "cross") {
    const arm = Math.min(w, h) / 4;
    [[x, y, 1, 1], [x + w, y, -1, 1], [x, y + h, 1, -1], [x + w, y + h, -1, -1]].forEach(([cornerX, cornerY, right, down]) => {
      path.moveTo(cornerX, cornerY);
      path.lineTo(cornerX + right * arm, cornerY + down * arm);
    });
  }
  if (width > 1) {
    Object.assign(context, { strokeStyle: "#ffffffb0", lineWidth: width + 2 });
    context.setLineDash([]);
    context.stroke(path);
  }
  Object.assign(context, { strokeStyle: colour, lineWidth: width });
  context.setLineDash(counts ? dashes : DASHES.map((length) => length * Math.max(1, width / 2)));
  context.stroke(path);
  context.setLineDash([]);
  if (!rank || w < 18) return;
  context.font = "600 12px sans-serif";
  const room = context.measureText(rank).width + 6;
  context.fillStyle = "#ffffff";
  context.fillRect(x, y - 17, room, 15);
  context.fillStyle = colour;
  context.fillText(rank, x + 3, y - 5);
}

// Brightness and contrast of the slide, not of what is drawn over it.
function light(find, viewer) {
  viewer.drawer.canvas.style.filter = `brightness(${find(".brightness").value}%) contrast(${find(".contrast").value}%)`;
}

function frame(context, [x, y, w, h]) {
  const rim = Math.max(5, (22 - w) / 2);
  for (const [colour, width] of [["#ffffff", 6], ["#111111", 3]]) {
    Object.assign(context, { strokeStyle: colour, lineWidth: width });
    context.strokeRect(x - rim, y - rim, w + 2 * rim, h + 2 * rim);
  }
}

function scaleBar(context, scale, height, um_per_pixel, locale) {
  const wanted = (120 / scale) * um_per_pixel;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const um = [5, 2, 1].map((step_) => step_ * power).find((length) => length <= wanted);
  const long = (um / um_per_pixel) * scale;
  context.fillStyle = "#ffffffd0";
  context.fillRect(10, height - 40, long + 16, 30);
  context.fillStyle = "#111111";
  context.fillRect(18, height - 18, long, 4);
  context.font = "600 12px sans-serif";
  context.fillText(`${um.toLocaleString(locale)} µm`, 18, height - 23);
}

function crosshair(context, [x, y], width, height) {
  for (const [colour, line] of [["#ffffff", 4], ["#111111", 1.5]]) {
    Object.assign(context, { strokeStyle: colour, lineWidth: line });
    context.beginPath();
    for (const [fromX, fromY, toX, toY] of [[0, y, x - 10, y], [x + 10, y, width, y], [x, 0, x, y - 10], [x, y + 10, x, height]]) {
      context.moveTo(fromX, fromY);
      context.lineTo(toX, toY);
    }
    context.stroke();
  }
}
