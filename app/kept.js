// What no server has acknowledged yet, kept in the browser: under a name that stands for the person and for what it is of, so that
// it is sent when this person comes there again, whatever became of the page meanwhile.

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
  put(name, entries.length ? { ...others, [log]: entries } : others);
}

function put(name, all) {
  try {
    if (Object.keys(all).length) localStorage.setItem(unsentKey(name), JSON.stringify(all));
    else localStorage.removeItem(unsentKey(name));
  } catch {
    // A browser that keeps nothing: the page says that something is unsaved.
  }
}
