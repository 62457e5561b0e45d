// What stands about the slide, in the language of the person.

const KEYS = [["← →", "cells"], ["Page ↑ ↓", "fields"], ["Home", "whole"], ["+ −", "zoom"], ["⇧ ← ↑ → ↓", "pan"], ["X", "crosshair"],
  ["← ↑ → ↓", "move"], ["↵", "place"], ["Esc", "leave"], ["B", "boxes"], ["J", "nextField"], ["D", "fieldRead"], ["M", "heat"], ["G", "gallery"], ["?", "help"]];

// The list of fields; `chosen` is called with the number of one, or with an empty text for the whole slide.
function fieldList(place, layout, words, chosen) {
  const several = layout.fields.length > 1;
  const options = layout.fields.map(([number, name, , , , , count, why]) => {
    const line = why ? words.fieldLeftOut : words.fieldLine;
    return new Option(line.replace("{name}", name).replace("{cells}", count.toLocaleString(words.locale)), number);
  });
  place.replaceChildren(...(several ? [new Option(words.whole, "")] : []), ...options);
  place.onchange = () => chosen(place.value);
}

function label(parent, data) {
  const { words } = data;
  const find = (selector) => parent.querySelector(selector);
  const names = [words.field, words.byField, words.boxes, words.heat, words.method, words.opacity, words.brightness, words.contrast];
  parent.querySelectorAll(".bar label > span").forEach((span, index) => { span.textContent = names[index]; });
  find(".next-field").replaceChildren(keyCap("J"), ` ${words.nextField}`);
  find(".reset").textContent = words.reset;
  find(".help-button").replaceChildren(keyCap("?"), ` ${words.help}`);
  find(".viewer").setAttribute("aria-label", words.viewer);
  find(".help h2").textContent = words.keys;
  find(".close").textContent = words.close;
  if (!find(".method").options.length) find(".method").append(...data.methods.map(([name, title]) => new Option(title, name)));
  const left_out = [...(data.blind ? ["heat"] : []), ...(data.fields_address ? [] : ["nextField", "fieldRead"])];
  const known = [...KEYS.filter(([, name]) => !left_out.includes(name)), ["", "calls"]];
  find(".help table").replaceChildren(...known.map(([caps, name]) => {
    const row = document.createElement("tr");
    const [left, right] = [document.createElement("td"), document.createElement("td")];
    left.append(...caps.split(" ").filter(Boolean).flatMap((cap) => [keyCap(cap), " "]));
    right.textContent = words.keyed[name];
    row.append(left, right);
    return row;
  }));
  find(".legend").replaceChildren(...Object.entries(LOOKS).map(([kind, looks]) => {
    const entry = document.createElement("span");
    const sample = Object.assign(document.createElement("canvas"), { width: 52, height: 40 });
    const context = sample.getContext("2d");
    context.scale(2, 2);
    shape(context, [5, 4, 16, 12], looks, "");
    entry.append(sample, words.kinds[kind]);
    return entry;
  }));
}

const keyCap = (text) => Object.assign(document.createElement("kbd"), { textContent: text });
