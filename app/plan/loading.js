// What the slide view fetches from the server.

const LIBRARY = "/vendored/openseadragon.min.js";

function library() {
  window.smearscopeLibrary ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: LIBRARY, onerror: reject });
    script.onload = () => resolve(window.OpenSeadragon);
    document.head.append(script);
  });
  return window.smearscopeLibrary;
}

async function got(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(await response.text());
  return response;
}
