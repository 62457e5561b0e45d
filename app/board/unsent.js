// Decisions that no server has acknowledged yet, kept in the browser (kept.js) under a name that stands for the person, the
// slide and the role.

// Take over, into a new log and numbered anew, what earlier pages left behind. Calls are those that stand by now: where
// one is neither what an entry was made over nor what such an entry says, the person has decided anew elsewhere, and
// that stands, with no undo of what was before. A page that still tries to send some of it writes the same once more.
function leftBehind(name, log, calls) {
  const entries = Object.values(kept(name)).flat();
  const standing = (cell) => calls[cell]?.[0] ?? null;
  const ofCell = (cell) => entries.filter((one) => one.act === "read" && one.cell === cell);
  const known = (cell) => [...new Set(ofCell(cell).flatMap((one) => [one.over ?? null, one.call]))];
  const own = entries.filter((entry) => {
    if (entry.act === "read") return known(entry.cell).includes(standing(entry.cell));
    if (!["undo", "stage"].includes(entry.act)) return true;
    if (!entry.cell) return false; // what was last then may not be last now
    return (ofCell(entry.cell).length ? known(entry.cell) : [entry.over ?? null]).includes(standing(entry.cell));
  });
  const numbered = own.map((entry, index) => ({ ...entry, number: index + 1 }));
  put(name, numbered.length ? { [log]: numbered } : {});
  return numbered;
}
