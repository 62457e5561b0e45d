// Decisions that no server has acknowledged yet, kept in the browser: under a name that stands for the person, the slide
// and the role, so that they are sent when this person opens this slide again, whatever became of the page meanwhile.

const unsentKey = (name) => `smearscope unsent ${name}`;

// All that is kept under a name, as {log: entries}; nothing where the browser keeps nothing for anybody.
function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(unsentKey(name))) ?? {};
  } catch {
    return {};
  }
}

// Keep what a log has not got through, and nothing where it has.
function keep(name, log, entries) {
  const { [log]: _, ...others } = kept(name);
  const all = entries.length ? { ...others, [log]: entries } : others;
  try {
    if (Object.keys(all).length) localStorage.setItem(unsentKey(name), JSON.stringify(all));
    else localStorage.removeItem(unsentKey(name));
  } catch {
    // A browser that keeps nothing: the page warns before it is left, as it says that something is unsaved.
  }
}

// What earlier pages left behind, numbered anew; a page that still tries to send some writes the same once more.
function leftBehind(name) {
  const entries = Object.values(kept(name)).flat();
  localStorage.removeItem(unsentKey(name));
  return entries.map((entry, index) => ({ ...entry, number: index + 1 }));
}
