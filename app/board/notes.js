// Notes on the cell that is shown and on its field. They are written in a box of their own, saved as it closes, and go to the
// server in the board's log.

function newNotes(board, changed) {
  const { find } = board;
  const notes = { stand: {} }; // by what they are on, "cell 12" or "field a.png": [[by, text, own]]
  let [writing, about, draft] = [null, "cell", ""];

  const on = (what, cell) => (what === "field" ? `field ${cell.field}` : `cell ${cell.id}`);

  // What others wrote, and what the person did: over what stands, what is still on its way.
  function of(what, cell) {
    const [key, sent] = [on(what, cell), board.log.entries];
    const standing = notes.stand[key] ?? [];
    const pending = sent.findLast((entry) => entry.act === "note" && entry.on === key);
    return { own: pending?.text ?? standing.find(([, , own]) => own)?.[1] ?? "", others: standing.filter(([, , own]) => !own) };
  }

  notes.has = (cell) => {
    const { own, others } = of("cell", cell);
    return Boolean(own || others.length);
  };

  notes.take = (fresh) => {
    for (const [key, those] of Object.entries(fresh)) notes.stand[key] = those ?? [];
  };

  notes.show = (cell) => {
    const lines = [["cell", board.words.onCell], ["field", board.words.onField]].flatMap(([what, label]) => {
      const { own, others } = of(what, cell);
      return [...(own ? [[own]] : []), ...others.map(([by, text]) => [text, by])].map(([text, by]) => {
        const line = document.createElement("div");
        line.append(bold(label), `${board.words.colon}${text}${by ? ` (${by})` : ""}`);
        return line;
      });
    });
    find(".noted").replaceChildren(...lines);
  };

  notes.open = (cell) => {
    [writing, about] = [cell, "cell"];
    draft = of(about, cell).own;
    appear();
  };

  function appear() {
    find(".about").value = about;
    find(".note textarea").value = draft;
    find(".note").showModal();
    find(".note textarea").focus();
  }

  notes.unsaved = () => writing !== null && draft.trim() !== of(about, writing).own;

  notes.save = () => {
    if (!notes.unsaved()) return;
    board.log.enter({ act: "note", cell: writing.id, about, text: draft.trim(), on: on(about, writing) });
    changed(writing);
  };

  function done() {
    notes.save();
    writing = null;
  }

  // At once: the browser says only later that a box was closed, and the page may put the board back meanwhile.
  function close() {
    done();
    find(".note").close();
  }

  notes.label = () => {
    const { words } = board;
    const kinds = { cell: words.ofCell, field: words.ofField };
    find(".note h2").textContent = words.noteShort;
    find(".note textarea").setAttribute("aria-label", words.noteShort);
    find(".about").setAttribute("aria-label", words.noteShort);
    find(".about").replaceChildren(...Object.entries(kinds).map(([what, title]) => new Option(title, what, false, what === about)));
    find(".note p").textContent = words.noNames;
    find(".save-note").textContent = words.saveNote;
    find(".note-button").replaceChildren(keyCap("E"), ` ${words.noteShort}`);
  };

  notes.listen = () => {
    find(".note-button").onclick = () => board.current() && notes.open(board.current());
    find(".save-note").onclick = close;
    find(".note").onclose = done;
    find(".note textarea").oninput = (event) => { draft = event.target.value; };
    find(".note textarea").onkeydown = (event) => {
      event.stopPropagation(); // the framework has keys of its own
      if (event.key === "Escape" || (event.key === "Enter" && event.ctrlKey)) close();
    };
    find(".about").onchange = (event) => {
      notes.save();
      about = event.target.value;
      draft = of(about, writing).own;
      find(".note textarea").value = draft;
    };
    if (writing) appear(); // the page has put the board back in the middle of a note
  };
  return notes;
}
