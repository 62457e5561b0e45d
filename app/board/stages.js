// The stage that the machine suggests for a cell that was accepted as a parasite without one: never before that, so that it sways
// no call. It is offered for the cell that is shown, else for the one that was accepted last, which stands beside it.

function newStages(board, gallery) {
  const { find } = board;
  const stages = { suggested: {} }; // by cell: [stage, percent]

  stages.offered = () => {
    if (gallery.screens) return null;
    const last = board.decided.at(-1)?.at(-1);
    const open = (cell) => cell?.call === "parasite" && !cell.stage && stages.suggested[cell.id];
    return [board.current(), board.cells.find((cell) => cell.id === last)].find(open) ?? null;
  };

  stages.show = () => {
    const { words } = board;
    const [cell, place] = [stages.offered(), find(".suggested")];
    place.hidden = !cell;
    if (!cell) return;
    const [stage, percent] = stages.suggested[cell.id];
    place.querySelector("img").src = board.address("small", cell);
    place.querySelector("b").textContent = words.suggested.replace("{name}", cell.name).replace("{stage}", words[stage]).replace("{percent}", percent);
    place.querySelector("button").replaceChildren(keyCap(shown("Enter")), ` ${words[stage]}`);
  };
  return stages;
}
