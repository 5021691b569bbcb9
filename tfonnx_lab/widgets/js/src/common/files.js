// Files of the Jupyter server, fetched with the reader's own rights.

/** The file of a path below the server's folder. Throws where it lies outside, or the server has a reason. */
export async function fetched(path) {
  const files = new URL("../../files/", location.href);
  const url = new URL(path.split("/").map(encodeURIComponent).join("/"), files);
  if (!url.pathname.startsWith(files.pathname)) throw new Error("it lies outside of the server's folder");
  const [, token] = document.cookie.match(/(?:^|; *)_xsrf=([^;]*)/) ?? [];
  const answer = await fetch(url, { cache: "no-cache", headers: token ? { "X-XSRFToken": decodeURIComponent(token) } : {} });
  if (!answer.ok) throw new Error(`the server answers ${answer.status} ${answer.statusText}`);
  return answer;
}

/** Show the file that the page's address names, or why it cannot be shown. show(place, path): a promise. */
export async function page(show) {
  const place = document.getElementById("place");
  const path = new URLSearchParams(location.search).get("path") ?? "";
  document.title = path.split("/").pop() || document.title;
  document.body.style.margin = "0";
  try {
    await show(place, path);
    place.removeAttribute("role");
  } catch (error) {
    const reason = Object.assign(document.createElement("h1"), { textContent: `${path || "no path"} cannot be shown` });
    place.replaceChildren(reason, document.createTextNode(error.message));
    place.style.cssText = "padding: 24px; font: 14px/1.5 system-ui, sans-serif; overflow-wrap: anywhere";
    place.setAttribute("role", "alert");
  }
}
