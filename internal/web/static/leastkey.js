// What a page does beyond links and forms. Everything else works without it.
"use strict";

(() => {
  const COPIED_FOR = 2000; // milliseconds

  const announce = (words) => {
    const region = document.getElementById("announce");
    region.textContent = ""; // the same words twice are two announcements
    requestAnimationFrame(() => { region.textContent = words; });
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
    announce(copied ? "Copied" : "Not copied: select the text and copy it yourself");
    if (!copied && source) getSelection().selectAllChildren(document.getElementById(source));
    button.textContent = copied ? "Copied" : "Not copied";
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

  // The browser may keep the page as it is now, to show it again when the user goes back.
  addEventListener("pagehide", () => {
    for (const secret of document.querySelectorAll("[data-once]")) {
      if ("value" in secret) secret.value = "";
      else secret.textContent = "It was shown once.";
    }
  });
})();
