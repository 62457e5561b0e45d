// Activation maps over cells.

const SMALLEST_MAP_PX = 24;
const [MAP_AGAIN_MS, MOST_ASKED] = [700, 120];

// Draws the maps that are there of visible cells; `redraw` is called when another has come. They are kept in `maps` by address.
function heat(context, visible, { pictures, map_widths }, { maps, method, opacity, redraw }) {
  context.globalAlpha = opacity / 100;
  for (const [{ number }, [x, y, w, h]] of visible) {
    const side = map_widths * Math.sqrt(w * h);
    if (w < SMALLEST_MAP_PX) continue;
    const image = mapOf(maps, `${pictures}/map-${method}/${number}`, redraw);
    if (image) context.drawImage(image, x + (w - side) / 2, y + (h - side) / 2, side, side);
  }
  context.globalAlpha = 1;
}

// A map that was never looked at is made first: the server says so, and is asked again until it is there.
function mapOf(maps, address, redraw, again = 0) {
  if (maps.has(address) && !again) return maps.get(address);
  maps.set(address, null);
  fetch(address).then(async (response) => {
    if (response.status === 202 && again < MOST_ASKED) setTimeout(() => mapOf(maps, address, redraw, again + 1), MAP_AGAIN_MS);
    if (response.status !== 200) return;
    maps.set(address, await createImageBitmap(await response.blob()));
    redraw();
  }, () => maps.delete(address));
  return null;
}
