/* What the pages can do with JavaScript beyond htmx. Everything here has a way without it. */
const find = (selector, root = document) => root.querySelector(selector);
const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];
const FADE_AFTER_MS = 8000;
let opener = null; // what opened the dialog, and the id around it that survives a swap
let pressedOn = null; // selecting text in a dialog may end beside it: that is a click there, too

document.documentElement.dataset.js = "";
htmx.onLoad((root) => {
  const all = [root, ...findAll("*", root)];
  all.filter((element) => element.matches("[data-needs-js]")).forEach((element) => { element.hidden = false; });
  all.filter((element) => element.matches(".toast")).forEach(fadeLater);
});

/* ── dialog: what is in #dialog is one; the page behind it is inert, so Tab stays inside ── */
function showDialog() {
  const [dialog, app] = [find("#dialog"), find(".app")];
  if (!dialog || !app) return;
  const isOpen = dialog.childElementCount > 0;
  const wasOpen = app.inert;
  app.inert = isOpen;
  if (isOpen) {
    const first = ["[autofocus]", "[aria-invalid]", "[name=confirm]", ".dialog-foot a, .dialog-foot button"];
    first.map((selector) => find(selector, dialog)).find(Boolean)?.focus();
  } else if (wasOpen) {
    const around = opener?.id && document.getElementById(opener.id);
    const back = opener?.element.isConnected ? opener.element : around && find("summary, a, button", around);
    (back || find("#main")).focus({ preventScroll: true });
  }
}

function closeDialog() {
  find("#dialog").replaceChildren();
  showDialog();
}

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const { elt, target, requestConfig } = detail;
  if (target?.id === "dialog" && !target.contains(elt)) {
    const menu = elt.closest("details.menu");
    const element = menu ? find("summary", menu) : elt;
    opener = { element, id: element.closest("tr[id]")?.id ?? elt.closest("[id]:not(#main)")?.id };
  }
  const pressed = requestConfig.triggeringEvent?.submitter ?? elt;
  pressed.setAttribute("aria-busy", "true");
  detail.xhr.addEventListener("loadend", () => pressed.removeAttribute("aria-busy"));
});

/* ── after a swap: a whole page is read from its start ── */
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id === "dialog") showDialog();
  if (detail.target === document.body && document.activeElement === document.body) {
    find("#main")?.focus({ preventScroll: true });
  }
});

/* ── answers that are no fragment ── */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status < 400) return;
  const isOurs = Boolean(detail.xhr.getResponseHeader("X-Request-ID")); // else it is a proxy's page: never shown
  const replacesPage = isOurs && detail.target === document.body && detail.xhr.responseText;
  const isToast = detail.swapOverride === "none"; // `http.refuse_fragment`
  detail.shouldSwap = isOurs && (detail.shouldSwap || isToast || Boolean(replacesPage));
  detail.isError = !detail.shouldSwap;
});
document.addEventListener("htmx:responseError", ({ detail }) => {
  const leaves = detail.xhr.getResponseHeader("HX-Redirect");
  if (!leaves) tell("Corral did not answer as it should", failure(detail));
});
for (const event of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(event, () => tell("Corral did not answer", "Nothing on this page has changed."));
}

function failure({ xhr }) {
  const id = xhr.getResponseHeader("X-Request-ID");
  return `Status ${xhr.status}${id ? `, request id ${id}` : ""}. Nothing on this page has changed.`;
}

/* ── toasts: where no answer brings one; good ones fade, unless they are being read or offer something ── */
function tell(text, detail) {
  const toast = find("#toast").content.firstElementChild.cloneNode(true);
  find("strong", toast).textContent = text;
  find("p", toast).textContent = detail;
  find("[data-dismiss]", toast).hidden = false;
  find("#toasts").append(toast);
}

function fadeLater(toast) {
  if (!["good", "busy"].includes(toast.dataset.tone) || find("a", toast)) return;
  let timer = setTimeout(() => toast.remove(), FADE_AFTER_MS);
  for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => { timer = setTimeout(() => toast.remove(), FADE_AFTER_MS); });
}

/* ── clicks and keys; in the capture phase, to come before htmx ── */
document.addEventListener("click", (event) => {
  const target = event.target.closest("a, button, summary") ?? event.target;
  findAll("details.menu[open]").filter((menu) => !menu.contains(target) || target.matches(".menu-item"))
    .forEach((menu) => { menu.open = false; });
  if (target.matches("#dialog [data-dialog-close]")) {
    event.preventDefault();
    event.stopPropagation();
    closeDialog();
  } else if (target.matches("#dialog > .dialog-layer") && target === pressedOn) {
    closeDialog();
  } else if (target.matches("[data-dismiss]")) {
    target.closest(".toast").remove();
  } else if (target.matches("[data-copy]")) {
    copy(target);
  } else if (target.matches("[data-fill]")) {
    const input = find(target.dataset.fill);
    input.value = target.dataset.value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  }
}, { capture: true });

document.addEventListener("pointerdown", ({ target }) => { pressedOn = target; });

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = find("details.menu[open]");
  if (menu) {
    menu.open = false;
    find("summary", menu).focus();
  } else if (find("#dialog")?.childElementCount) closeDialog();
});

document.addEventListener("change", ({ target }) => {
  if (target.name === "theme") document.documentElement.dataset.theme = target.value;
});

async function copy(button) {
  const text = find(button.dataset.copy).textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
    find("#said").textContent = `Copied ${text}`;
    find("use", button).setAttribute("href", "#check");
    setTimeout(() => find("use", button).setAttribute("href", "#copy"), 1600);
  } catch {
    getSelection().selectAllChildren(find(button.dataset.copy)); // plain http: the browser lets people copy, not scripts
    find("#said").textContent = "Selected; copy it with the keyboard.";
  }
}
