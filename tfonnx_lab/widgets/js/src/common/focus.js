// What is drawn anew takes the focus with it, and the next key would go to the notebook.

const FOCUSABLE = "a[href], button, input, select, summary, [tabindex]";

/** Change what is in an element; what had the focus in it gives it to what took its place, or to the view around it. */
export function keepingFocus(element, change) {
  const at = element.getRootNode().activeElement;
  if (!at || at === element || !element.contains(at)) return void change();
  const name = named(at);
  change();
  if (element.contains(at) && !at.closest("[hidden]")) return undefined;
  const alike = [...element.querySelectorAll(FOCUSABLE)].find((other) => named(other) === name && !other.closest("[hidden]"));
  (alike ?? element.closest("[tabindex]"))?.focus({ preventScroll: true });
  return undefined;
}

function named(element) {
  return `${element.localName} ${element.getAttribute("aria-label") ?? element.textContent} ${element.title}`;
}
