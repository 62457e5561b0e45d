// The boxes of all located cells of a slide.

const SAME_PX = 0.1; // boxes of one cell differ by rounding alone
const BUCKET_PX = 512;

// All located cells, found by where they lie: buckets of a coarse grid, each with the cells whose corner is in it.
function located(buffer) {
  const count = new DataView(buffer).getUint32(0, true);
  const boxes = new Float32Array(buffer, 4, 4 * count);
  const field = new Uint32Array(buffer, 4 + 16 * count, count);
  const counts = new Uint8Array(buffer, 4 + 20 * count, count);
  let [columns, rows, widest] = [1, 1, 0];
  for (let number = 0; number < count; number += 1) {
    columns = Math.max(columns, Math.floor(boxes[4 * number] / BUCKET_PX) + 1);
    rows = Math.max(rows, Math.floor(boxes[4 * number + 1] / BUCKET_PX) + 1);
    widest = Math.max(widest, boxes[4 * number + 2], boxes[4 * number + 3]);
  }
  const bucket = (x, y) => Math.min(rows - 1, Math.max(0, Math.floor(y / BUCKET_PX))) * columns + Math.min(columns - 1, Math.max(0, Math.floor(x / BUCKET_PX)));
  const starts = new Uint32Array(columns * rows + 1);
  for (let number = 0; number < count; number += 1) starts[bucket(boxes[4 * number], boxes[4 * number + 1]) + 1] += 1;
  for (let place = 1; place < starts.length; place += 1) starts[place] += starts[place - 1];
  const order = new Uint32Array(count);
  const filled = starts.slice();
  for (let number = 0; number < count; number += 1) order[filled[bucket(boxes[4 * number], boxes[4 * number + 1])]++] = number;
  const clamped = (value, most) => Math.min(most - 1, Math.max(0, Math.floor(value / BUCKET_PX)));
  return {
    boxes,
    field,
    counts,
    taken: new Uint8Array(count),
    box: (number) => [boxes[4 * number], boxes[4 * number + 1], boxes[4 * number + 2], boxes[4 * number + 3]],
    around(left, top, right, bottom, visit) {
      for (let row = clamped(top - widest, rows); row <= clamped(bottom, rows); row += 1) {
        for (let column = clamped(left - widest, columns); column <= clamped(right, columns); column += 1) {
          const place = row * columns + column;
          for (let at = starts[place]; at < starts[place + 1]; at += 1) {
            const number = order[at];
            const [x, y] = [boxes[4 * number], boxes[4 * number + 1]];
            if (x <= right && y <= bottom && x + boxes[4 * number + 2] >= left && y + boxes[4 * number + 3] >= top) visit(number);
          }
        }
      }
    },
  };
}
