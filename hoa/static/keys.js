// Single keys for pages that are worked through by the dozen. What carries data-key (one key or several) is followed,
// ticked or entered when its key is pressed; never while somebody types, never with Ctrl, Alt or Meta. The switch turns
// them off for people whose speech input presses keys (WCAG 2.1.4). Without this file the page is what it is.
(function () {
  "use strict";
  var STORE = "hoa-keys";
  var help = document.querySelector("[data-keys]");
  var turn = help && help.querySelector("[data-keys-switch]");
  var form = document.querySelector("form[data-desk]");

  function on() {
    try {
      return window.localStorage.getItem(STORE) !== "off";
    } catch (error) {
      return true; // no storage: the keys work, and cannot be turned off for longer than this page
    }
  }

  function told() {
    turn.textContent = turn.getAttribute(on() ? "data-on" : "data-off");
  }

  function typing(element) {
    return (
      element.isContentEditable ||
      /^(textarea|select)$/i.test(element.tagName) ||
      (/^input$/i.test(element.tagName) && !/^(radio|checkbox|button|submit)$/.test(element.type))
    );
  }

  // Where to go on after a choice: to what is still missing. A list that proposes something is left alone, so that
  // Enter on the choice itself sends it.
  function missing(value) {
    var part = form && form.querySelector('[data-part~="' + value + '"]');
    var first = part && part.querySelector("input:checked, textarea, select, input");
    return first && /^select$/i.test(first.tagName) && first.value ? null : first;
  }

  function send() {
    if (form.requestSubmit) {
      form.requestSubmit();
    } else {
      form.querySelector("button[type=submit]").click();
    }
  }

  function act(element) {
    if (element.type === "radio") {
      element.checked = true;
      (missing(element.value) || element).focus();
    } else if (typing(element)) {
      element.focus();
      element.select();
    } else {
      element.click();
    }
  }

  document.addEventListener("keydown", function (event) {
    var found;
    if (event.defaultPrevented || event.isComposing || event.altKey || event.metaKey) {
      return;
    }
    if (event.key === "Enter" && event.ctrlKey && form && form.contains(event.target)) {
      event.preventDefault(); // wherever in the form: who has just ticked a choice presses it as well
      send();
      return;
    }
    if (typing(event.target)) {
      if (event.key === "Escape") {
        event.target.blur();
      }
      return;
    }
    if (event.ctrlKey || !on()) {
      return;
    }
    if (event.key === "?" && help) {
      event.preventDefault();
      help.open = !help.open;
      help.querySelector("summary").focus();
      return;
    }
    found = /^[a-z0-9]$/.test(event.key) && document.querySelector('[data-key~="' + event.key + '"]');
    if (found) {
      event.preventDefault();
      act(found);
    }
  });

  if (turn) {
    told();
    turn.hidden = false;
    turn.addEventListener("click", function () {
      try {
        window.localStorage.setItem(STORE, on() ? "off" : "on");
      } catch (error) {
        return;
      }
      told();
    });
  }
})();
