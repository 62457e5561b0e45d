// Field by field: a reader goes from one field to the next, and says of each that all of it is read.

const [READ_COLOUR, HERE_COLOUR] = ["#2f6b3c", "#1f5fa8"];

const AGAIN_MS = 2000;
const REFUSED = new Set([400, 404, 413]);

// What a reader has said of fields. Each word is sent until the server has answered it, and kept in the browser until then (kept.js), under
// a name that stands for the person and the result. `told` hears what stands in the way, or nothing.
function fieldWords(told) {
  let [read, pending, address, name, words, busy, ended] = [new Set(), [], "", "", {}, false, false];
  const note = ({ field, whole }) => read[whole ? "add" : "delete"](field);

  const remember = () => keep(name, "fields", pending);

  async function send() {
    if (busy) return;
    busy = true;
    while (pending.length && !ended) {
      try {
        const response = await fetch(address, { method: "POST", body: JSON.stringify(pending[0]) });
        if (ended) return; // another page has taken over what is kept
        if (REFUSED.has(response.status)) { // it would be so each time
          const { field, whole } = pending.shift();
          note({ field, whole: !whole });
          remember();
          told(words.fieldsRefused);
          continue;
        }
        if (!response.ok) throw new Error(await response.text());
        const { problem } = await response.json();
        const { field, whole } = pending.shift();
        remember();
        if (problem) note({ field, whole: !whole });
        told(problem);
      } catch {
        told(words.fieldsUnsaved.replace("{count}", pending.length));
        await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
      }
    }
    busy = false;
  }

  return {
    take(fresh) {
      ({ fields_address: address, fields_keep: name, words } = fresh);
      read = new Set(fresh.fields_read);
      if (address && !pending.length) pending = kept(name).fields ?? [];
      pending.forEach(note);
      if (address) send();
    },
    end() { ended = true; }, // what could not be sent is kept for the next page
    has: (field) => read.has(field),
    toggle(field) {
      const word = { field, whole: !read.has(field) };
      note(word);
      pending.push(word);
      remember();
      send();
      return word.whole;
    },
  };
}

// Only fields whose cells count are worth going to, in the order in which they lie.
const counted = (layout) => layout.fields.filter(([, , , , , , , why]) => !why);

function covered(layout, said, words) {
  const [all, shown] = [counted(layout), (count) => count.toLocaleString(words.locale)];
  const read = all.filter(([number]) => said.has(number));
  const cells = read.reduce((sum, [, , , , , , count]) => sum + count, 0);
  return words.covered.replace("{read}", shown(read.length)).replace("{fields}", shown(all.length)).replace("{cells}", shown(cells));
}

// How far it has come, and what key and button do with the field that is being read.
function fieldLine(find, layout, said, here, words) {
  find(".covered").textContent = covered(layout, said, words);
  find(".field-read").hidden = here === null;
  if (here === null) return;
  const does = said.has(here) ? words.fieldUnread : words.fieldRead;
  find(".field-read").replaceChildren(keyCap("D"), ` ${does.replace("{name}", layout.fields[layout.at.get(here)][1])}`);
}

// The next field that is not read, after one and then from the first on; null where all are.
function nextUnread(layout, said, from) {
  const numbers = counted(layout).map(([number]) => number);
  const after = numbers.findIndex((number) => number === from) + 1;
  return [...numbers.slice(after), ...numbers.slice(0, after)].find((number) => !said.has(number)) ?? null;
}

// A frame and a check on fields that are read; a dashed frame about the one that is being read.
function fieldFrames(context, layout, said, here, on) {
  for (const [number, , ...place] of layout.fields) {
    if (!said.has(number) && number !== here) continue;
    const [x, y, w, h] = on(place.slice(0, 4));
    if (said.has(number)) {
      Object.assign(context, { strokeStyle: READ_COLOUR, lineWidth: 3 });
      context.strokeRect(x, y, w, h);
      const side = Math.min(26, w / 2, h / 2);
      context.fillStyle = READ_COLOUR;
      context.fillRect(x + w - side, y, side, side);
      Object.assign(context, { strokeStyle: "#ffffff", lineWidth: Math.max(1, side / 9) });
      context.stroke(new Path2D(`M${x + w - side * 0.78} ${y + side * 0.52}l${side * 0.2} ${side * 0.22}l${side * 0.36} ${-side * 0.46}`));
    } else {
      Object.assign(context, { strokeStyle: HERE_COLOUR, lineWidth: 3 });
      context.setLineDash([10, 6]);
      context.strokeRect(x, y, w, h);
      context.setLineDash([]);
    }
  }
}
