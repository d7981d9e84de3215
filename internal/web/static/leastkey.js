// What a page does beyond links and forms. Everything else works without it.
"use strict";

(() => {
  const COPIED_FOR = 2000, TOLD_FOR = 8000; // milliseconds

  // announce reads words out; tell shows them too.
  const announce = (words) => {
    const region = document.getElementById("announce");
    region.className = "unseen";
    region.textContent = ""; // the same words twice are two announcements
    requestAnimationFrame(() => { region.textContent = words; });
    return region;
  };

  const tell = (words) => {
    const region = announce(words);
    region.className = "toast";
    setTimeout(() => { region.className = "unseen"; }, TOLD_FOR);
  };

  // Where the page came over plain HTTP from another machine, browsers have no clipboard for it but the old one.
  const copyTheOldWay = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  };

  const copy = async (button) => {
    const source = button.dataset.copyFrom;
    const text = source ? document.getElementById(source).textContent : button.dataset.copy;
    let copied = false;
    try {
      await navigator.clipboard.writeText(text);
      copied = true;
    } catch {
      copied = copyTheOldWay(text);
      button.focus();
    }
    if (!copied) {
      if (source) getSelection().selectAllChildren(document.getElementById(source));
      tell("The browser did not copy it. Select the text, and copy it yourself.");
      return;
    }
    announce("Copied");
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, COPIED_FOR);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from]");
    if (button) copy(button);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    }
  });

  // A select with data-groups-for="<id of an input>" says which list that input completes from: "groups-<value>".
  document.addEventListener("change", (event) => {
    const input = document.getElementById(event.target.dataset.groupsFor ?? "");
    if (!input) return;
    input.setAttribute("list", "groups-" + event.target.value);
    input.value = ""; // a group of another type of resource
  });

  // A second click must not throw away the answer to the first, which may be the only one with a secret in it. Forms
  // that htmx sends are its own matter.
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    if (sent.has(event.target)) event.preventDefault();
    sent.add(event.target);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.forms) sent.delete(form);
  });

  // A fragment that did not come leaves the page as it was.
  document.addEventListener("htmx:responseError", () => tell("That did not work. Load the page again to see how things are."));
  document.addEventListener("htmx:sendError", () => tell("The server was not reached. Try again."));

  // The browser may keep the page as it is now, to show it again when the user goes back.
  addEventListener("pagehide", () => {
    for (const secret of document.querySelectorAll("[data-once]")) {
      if ("value" in secret) secret.value = "";
      else secret.textContent = "It was shown once.";
    }
  });
})();
